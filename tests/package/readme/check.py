#!/usr/bin/env python3
# Boost Software License 1.0, see LICENSE
"""The README shows the program of examples/embedded as it is, names only files that exist, and its commands can be run."""

import os
import pathlib
import re
import sys


def blocks(text, language):
    return re.findall(r"^```" + language + r"\n(.*?)^```$", text, re.M | re.S)


def problems(root):
    readme = (root / "README.md").read_text()
    program = (root / "examples/embedded/main.cpp").read_text().split("\n", 1)[1]  # without the licence line
    if program not in blocks(readme, "cpp"):
        yield "README.md does not show examples/embedded/main.cpp as it is"
    if len(program.splitlines()) >= 40:
        yield "examples/embedded/main.cpp has 40 lines or more"
    prose = re.sub(r"^```.*?^```$", "", readme, flags=re.M | re.S)
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", prose):
        if not (root / target).exists():
            yield f"README.md links to {target}, which does not exist"
    commands = [line.split()[0] for block in blocks(readme, "") for line in block.splitlines() if line.startswith("./")]
    if "./scripts/demo" not in commands or "./scripts/test" not in commands:
        yield "README.md does not show ./scripts/demo and ./scripts/test"
    for command in commands:
        if not os.access(root / command, os.X_OK):
            yield f"README.md shows {command}, which cannot be run"


if __name__ == "__main__":
    found = list(problems(pathlib.Path(sys.argv[1])))
    for one in found:
        print(one)
    sys.exit(1 if found else 0)
