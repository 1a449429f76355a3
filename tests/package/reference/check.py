#!/usr/bin/env python3
# Boost Software License 1.0, see LICENSE
"""The API reference can be made without a warning, and no public symbol is undocumented.

An enumeration documents all of its enumerators, or none: then they are words of a specification, as its own comment says.

usage: check.py <root of the tree>
"""

import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml


def described(element):
    return any("".join(one.itertext()).strip() for name in ("briefdescription", "detaileddescription") for one in element.findall(name))


def half_documented(compound):
    for member in compound.iter("memberdef"):
        values = member.findall("enumvalue")
        bare = [value.findtext("name") for value in values if not described(value)]
        if bare and len(bare) != len(values):
            where = member.find("location")
            yield f"{where.get('file')}:{where.get('line')}: {member.findtext('name')} documents some enumerators, but not {', '.join(bare)}"


def problems(root, doxyfile=None):
    """The warnings for the headers of a tree, and the names of the classes that were seen."""
    settings = (doxyfile or root / "docs/reference/Doxyfile").read_text()
    with tempfile.TemporaryDirectory() as into:
        settings += f"OUTPUT_DIRECTORY = {into}\nGENERATE_HTML = NO\nGENERATE_XML = YES\nWARN_LOGFILE = {into}/warnings\n"
        subprocess.run(["doxygen", "-"], input=settings.encode(), cwd=root, check=True)
        found = (pathlib.Path(into) / "warnings").read_text().splitlines()
        classes = set()
        for file in sorted((pathlib.Path(into) / "xml").glob("*.xml")):
            for compound in xml.parse(file).iter("compounddef"):
                if compound.get("kind") in ("class", "struct"):
                    classes.add(compound.findtext("compoundname"))
                if compound.get("kind") != "file":
                    found += half_documented(compound)
    return found, classes


def main():
    found, classes = problems(pathlib.Path(sys.argv[1]).resolve())
    for one in found:
        print(one)
    for expected in ("stompchat::chat_node", "stompchat::broker::sink", "stompchat::stomp::decoder"):
        if expected not in classes:
            print(f"the reference lacks {expected}")
            found.append(expected)
    print(f"{len(classes)} classes")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
