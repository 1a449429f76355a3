#!/usr/bin/env python3
"""Checks that docs/websocket_conformance.md names tests that exist, and every test of tests/websocket.

usage: check_conformance.py <root of the tree>
"""

import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
text = (root / "docs/websocket_conformance.md").read_text(encoding="utf-8")
names = {path: set(re.findall(r'TEST_CASE\("((?:[^"\\]|\\.)*)"\)', path.read_text(encoding="utf-8"))) for path in (root / "tests").rglob("*.cpp")}
abbreviations = {short: root / path for short, path in re.findall(r"\b([A-Z]{1,2}) `(tests/[^`]+\.cpp)`", text)}

problems, mentioned = [], set()
for short, path, name in re.findall(r'(?:\b([A-Z]{1,2})|`(tests/[^`]+)`) "([^"]+)"', text):
    where = root / path if path else abbreviations.get(short)
    mentioned.add(name)
    if name not in names.get(where, ()):
        problems.append(f'{short or path} has no test "{name}"')
for path, tests in names.items():
    if path.parent == root / "tests/websocket":
        problems += [f'{path.name}: "{name}" proves no rule' for name in sorted(tests - mentioned)]
print("\n".join(problems) or f"{len(mentioned)} tests are named and there")
sys.exit(bool(problems) or not mentioned)
