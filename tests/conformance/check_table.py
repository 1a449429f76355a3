#!/usr/bin/env python3
# Boost Software License 1.0, see LICENSE
"""Checks docs/stomp_conformance.md: every test and file that its tables name exists, every rule has a test, and no rule is missing.

usage: check_table.py <root of the tree>
"""
import pathlib
import re
import sys

# The rules of each section, by the number of the last one.
RULES = {"A": 15, "B": 9, "C": 5, "D": 11, "E": 9, "F": 10, "G": 10, "H": 13, "I": 6, "J": 4, "K": 10}
TEST = re.compile(r'`([^`]+)` "([^"]+)"')


def defined(text, name, suffix):
    """Whether a source defines a test of that name: a mention elsewhere does not count."""
    quoted = re.escape(name)
    if suffix == ".py":
        return re.search(rf"^    def {quoted}\(self", text, re.M)
    if suffix == ".mjs":
        return re.search(rf"\btest\((['\"`]){quoted}\1", text)
    return re.search(rf'^TEST_CASE\("{quoted}"', text, re.M)


def check(root):
    problems = []
    rules = set()
    for number, line in enumerate((root / "docs/stomp_conformance.md").read_text().splitlines(), 1):
        if not re.match(r"\| [A-K]\d+ \|", line):
            continue

        def problem(text):
            problems.append(f"docs/stomp_conformance.md:{number}: {rule}: {text}")

        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        rule = cells[0]
        if len(cells) != 6:
            problem(f"{len(cells)} cells instead of 6")
            continue
        if rule in rules:
            problem("stands twice")
        rules.add(rule)
        _, _, keyword, _, where, proof = cells
        if keyword not in ("M", "S", "m", "R", "–"):
            problem(f"keyword {keyword}")
        for path in re.findall(r"`([^`]+)`", where) or [""]:
            if not (root / "include/stompchat" / path).is_file():
                problem(f"there is no file {path!r}")
        tests = TEST.findall(proof)
        if " · ".join(f'`{path}` "{name}"' for path, name in tests) != proof or not tests:
            problem("the proof is not a list of tests")
        for path, name in tests:
            source = root / "tests" / path
            if not source.is_file():
                problem(f"there is no test file {path}")
            elif not defined(source.read_text(), name, source.suffix):
                problem(f"{path} has no test {name!r}")
    for letter, last in RULES.items():
        for number in range(1, last + 1):
            if f"{letter}{number}" not in rules:
                problems.append(f"docs/stomp_conformance.md: rule {letter}{number} is missing")
    return problems


def main():
    problems = check(pathlib.Path(sys.argv[1]))
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
