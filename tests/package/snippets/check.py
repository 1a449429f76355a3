#!/usr/bin/env python3
# Boost Software License 1.0, see LICENSE
"""Each block of C++ in a document stands in a source file that is compiled, but for its indentation.

usage: check.py <document> <source file>
"""

import pathlib
import re
import sys
import textwrap


def main():
    document, source = (pathlib.Path(name) for name in sys.argv[1:])
    blocks = re.findall(r"^```cpp\n(.*?)^```$", document.read_text(), re.M | re.S)
    lines = source.read_text().splitlines()
    compiled = set()
    for size in {len(block.splitlines()) for block in blocks}:
        for begin in range(len(lines) - size + 1):
            compiled.add(textwrap.dedent("\n".join(lines[begin:begin + size])))
    missing = [block for block in blocks if block.rstrip("\n") not in compiled]
    for block in missing:
        print(f"{document.name} shows what is not in {source.name}:\n{block}")
    if not blocks:
        sys.exit(f"{document.name} shows no C++")
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()
