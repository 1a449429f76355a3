#!/usr/bin/env python3
# Boost Software License 1.0, see LICENSE
"""docs/embedding.md shows only code of the examples, as it is, and names only files, options, errors and functions that exist.

usage: check.py <root of the tree>
"""

import pathlib
import re
import sys
import textwrap

EXAMPLES = ("examples/embedded", "examples/moderated", "examples/custom_broker")


def shown_in(code, block):
    """Whether a block is a run of whole lines of the code, wherever that is indented."""
    wanted = block.strip("\n").split("\n")
    lines = code.split("\n")
    return any(textwrap.dedent("\n".join(lines[i:i + len(wanted)])) == "\n".join(wanted) for i in range(len(lines) - len(wanted) + 1))


def words_of(rows, column):
    """The words in backticks in a column of table rows."""
    return [word for row in rows for word in re.findall(r"`(\w+)`", row.strip("|").split("|")[column])]


def problems(root, text):
    sources = [file.read_text() for folder in EXAMPLES for file in sorted((root / folder).glob("*.?pp"))]
    blocks = re.findall(r"^```cpp\n(.*?)^```$", text, re.M | re.S)
    for block in blocks:
        if not any(shown_in(source, block) for source in sources):
            yield f"no example has the code that begins with {block.splitlines()[0]!r}"
    if len(blocks) < 10:
        yield f"only {len(blocks)} blocks of code were found"

    prose = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", prose):
        if not (root / "docs" / target).exists():
            yield f"it links to {target}, which does not exist"

    headers = {name: (root / "include/stompchat" / name).read_text() for name in ("node/options.hpp", "error.hpp")}
    everything = "".join(file.read_text() for file in sorted((root / "include/stompchat").rglob("*.hpp")))
    for function in re.findall(r"`(?:\w+::)*(\w+)\(\)`", prose):
        if not re.search(rf"\b{function}\(", everything):
            yield f"there is no {function}()"
    tables = {}
    for line in prose.split("\n"):
        if line.startswith("#"):
            section = line.lstrip("# ")
        elif line.startswith("| ") and not line.startswith("| |"):
            tables.setdefault(section, []).append(line)
    for word in words_of(tables["What bounds what"], 1):
        if not re.search(rf"\b{word}( =|;|\{{)", headers["node/options.hpp"]):
            yield f"there is no option {word}"
    for word in words_of(tables["Publishing"], 0):
        if not re.search(rf"\b{word} = \d", headers["error.hpp"]):
            yield f"there is no error {word}"


def main():
    root = pathlib.Path(sys.argv[1])
    found = list(problems(root, (root / "docs/embedding.md").read_text()))
    for one in found:
        print(one)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
