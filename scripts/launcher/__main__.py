# Boost Software License 1.0, see LICENSE
import pathlib
import sys

sys.path[0] = str(pathlib.Path(__file__).resolve().parent.parent)
from launcher import command  # noqa: E402

sys.exit(command.main())
