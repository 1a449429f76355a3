#!/usr/bin/env python3
# Boost Software License 1.0, see LICENSE
"""The READMEs show the program of examples/embedded as it is, name only files that exist, and their commands can be run. The Korean one has
the same code, the same links and as many sections."""

import os
import pathlib
import re
import sys

NAMES = ("README.md", "README.ko.md")


def blocks(text):
    """Blocks of code: [(language, content)]."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)


def prose(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


def links(text):
    return re.findall(r"\]\(([^)#]+)\)", prose(text))


def problems_of(root, name, text):
    program = (root / "examples/embedded/main.cpp").read_text().split("\n", 1)[1]  # without the licence line
    if ("cpp", program) not in blocks(text):
        yield f"{name} does not show examples/embedded/main.cpp as it is"
    if len(program.splitlines()) >= 40:
        yield "examples/embedded/main.cpp has 40 lines or more"
    for target in links(text):
        if not target.startswith("http") and not (root / target).exists():
            yield f"{name} links to {target}, which does not exist"
    commands = [line.split()[0] for language, block in blocks(text) if not language for line in block.splitlines() if line.startswith("./")]
    if "./scripts/demo" not in commands or "./scripts/test" not in commands:
        yield f"{name} does not show ./scripts/demo and ./scripts/test"
    for command in commands:
        if not os.access(root / command, os.X_OK):
            yield f"{name} shows {command}, which cannot be run"


def differences(texts):
    """What the two READMEs do not have in common."""
    one, other = (texts[name] for name in NAMES)
    if len(blocks(one)) != len(blocks(other)):
        yield f"{NAMES[1]} shows {len(blocks(other))} blocks of code, {NAMES[0]} {len(blocks(one))}"
    for block, translated in zip(blocks(one), blocks(other)):
        # Comments of a shell or of CMake may be translated; the code may not.
        bare = lambda each: (each[0], re.sub(r" +# .*", "", each[1]))
        if bare(block) != bare(translated):
            yield f"{NAMES[1]} shows {translated[1].splitlines()[0]!r} and what follows differently"
    targets = [sorted(set(links(text)) - set(NAMES)) for text in (one, other)]
    if targets[0] != targets[1]:
        yield f"the links of only one README: {sorted(set(targets[0]) ^ set(targets[1]))}"
    for name in NAMES:
        (linked,) = set(NAMES) - {name}
        if linked not in links(texts[name]):
            yield f"{name} does not link to {linked}"
    sections = [re.findall(r"^#+ ", prose(text), re.M) for text in (one, other)]
    if sections[0] != sections[1]:
        yield "the READMEs have not the same sections"
    points = [re.findall(r"^- ", prose(text), re.M) for text in (one, other)]
    if points[0] != points[1]:
        yield f"the lists of {NAMES[0]} have {len(points[0])} points, those of {NAMES[1]} {len(points[1])}"
    # What is code in the text of one is code in that of the other.
    words = [set(re.findall(r"`([^`\n]+)`", prose(text))) for text in (one, other)]
    if words[0] != words[1]:
        yield f"only one README names {sorted(words[0] ^ words[1])}"


def main(root):
    texts = {name: (root / name).read_text(encoding="utf-8") for name in NAMES}
    found = [problem for name in NAMES for problem in problems_of(root, name, texts[name])]
    found += differences(texts)
    for one in found:
        print(one)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
