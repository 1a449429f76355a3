#!/usr/bin/env python3
"""Checks the tree against the table of layers in docs/architecture.md. Prints each violation; exit 1 if there is one.

usage: check.py <root of the tree>
"""

import pathlib
import re
import sys

# A layer may include itself, the headers at the root (config, error, utf8, version), and what can be reached along these arrows.
ARROWS = {
    "root": [],
    "detail": [],
    "stomp": [],
    "websocket": [],
    "ports": ["detail"],
    "delivery": ["ports"],
    "net": [],
    "node": ["delivery", "stomp", "websocket", "net"],
    "memory": ["ports"],
    "kafka": ["ports"],
    "redis": ["ports", "net"],
    "client": ["detail", "stomp", "websocket", "net"],
}

# What a layer may include from elsewhere, as beginnings of the path. The headers of the standard library are free.
SYSTEM = ["boost/system/"]
ASIO = SYSTEM + ["boost/asio/"]
OUTSIDE = {
    "root": SYSTEM,
    "detail": ASIO,
    "stomp": SYSTEM,
    "websocket": SYSTEM,
    "ports": ASIO,
    "delivery": ASIO,
    "net": ASIO + ["boost/smart_ptr/", "openssl/", "fmt/"],
    "node": ASIO + ["boost/smart_ptr/", "boost/beast/", "fmt/"],
    "memory": ASIO,
    "kafka": ASIO + ["librdkafka/", "fmt/"],
    "redis": ASIO + ["hiredis/", "openssl/", "fmt/"],
    "client": ASIO + ["fmt/"],
}

# Ports and delivery know executors and completion tokens, but no socket and no clock.
NO_INPUT_OUTPUT = re.compile(r"boost/asio/(ip/|ssl|local/|posix/|windows/|generic/|.*(socket|timer|stream|descriptor|signal_set|io_context)|read|write|connect)")
# These cost the reader of a header seconds, or tie the interface to a client library.
IN_IPP_ONLY = ("openssl/", "boost/asio/ssl", "boost/beast/", "librdkafka/", "hiredis/")
# Calls of the operating system are in one file, so that a port to another system has one place to work in.
PLATFORM = re.compile(r"(sys|netinet|arpa|linux|net)/.*|(unistd|fcntl|poll|netdb|pthread|sched|signal|dlfcn|errno|time)\.h")

BEAST_UNITS = 3
LONGEST_FILE = 500
LENGTH_CHECKED = ["include", "src", "examples", "tests", "bench", "clients", "web", "cmake", "scripts", "CMakeLists.txt", "CMakePresets.json"]
NOT_WRITTEN_BY_HAND = ("package-lock.json",)


def reachable(layer):
    seen, todo = {"root", layer}, [layer]
    while todo:
        for target in ARROWS[todo.pop()]:
            if target not in seen:
                seen.add(target)
                todo.append(target)
    return seen


def layer_of(path):
    """The layer of a path below include/, or None when the table does not know it."""
    parts = path.split("/")[1:]
    if len(parts) == 1 or parts[0] == "impl":
        return "root"
    return parts[0] if parts[0] in ARROWS else None


def includes_of(file):
    """The includes of a file: (line, path, quoted, only in header-only mode)."""
    text = file.read_text(encoding="utf-8")
    # Documentation shows includes too. Newlines stay, so that lines keep their numbers.
    text = re.sub(r"/\*.*?\*/", lambda match: "\n" * match.group().count("\n"), text, flags=re.DOTALL)
    depth, guard = 0, None
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\s*#\s*if", line):
            depth += 1
            if guard is None and re.match(r"\s*#\s*if(def\s+|\s+defined\s*\(?\s*)STOMPCHAT_HEADER_ONLY\b", line):
                guard = depth
        elif re.match(r"\s*#\s*(else|elif)", line):
            if guard == depth:
                guard = None
        elif re.match(r"\s*#\s*endif", line):
            if guard == depth:
                guard = None
            depth -= 1
        elif match := re.match(r"\s*#\s*include\s*([<\"])([^>\"]+)[>\"]", line):
            yield number, match.group(2), match.group(1) == '"', guard is not None


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.problems = []
        self.includes = {}
        for folder, patterns in (("include", ("*.hpp", "*.ipp")), ("src", ("*.cpp",))):
            for pattern in patterns:
                for file in sorted((self.root / folder).rglob(pattern)):
                    name = file.relative_to(self.root / folder if folder == "include" else self.root).as_posix()
                    self.includes[name] = list(includes_of(file))

    def report(self, where, what):
        self.problems.append(f"{where}: {what}")

    def reached_from(self, name, header_only):
        """Everything that a unit sees: paths in the tree, and outside."""
        seen, todo = set(), [name]
        while todo:
            at = todo.pop()
            if at in seen:
                continue
            seen.add(at)
            todo += [path for _, path, _, guarded in self.includes.get(at, []) if header_only or not guarded]
        return seen

    def check_directions(self):
        for name, includes in self.includes.items():
            if not name.startswith("stompchat/"):
                continue
            layer = layer_of(name)
            if layer is None:
                self.report(name, "is in a folder that is no layer")
                continue
            for number, path, quoted, guarded in includes:
                where = f"{name}:{number}"
                if quoted:
                    self.report(where, f'"{path}" must be written <stompchat/...>')
                elif path.startswith("stompchat/"):
                    if path not in self.includes:
                        self.report(where, f"there is no {path}")
                    elif layer_of(path) not in reachable(layer):
                        self.report(where, f"{layer} may not include {path}")
                    if path.endswith(".ipp") and name.endswith(".hpp") and not guarded:
                        self.report(where, f"{path} is included in the compiled mode too")
                elif "/" in path or path.endswith((".h", ".hpp")):
                    self.check_outside(where, name, layer, path)

    def check_outside(self, where, name, layer, path):
        if PLATFORM.fullmatch(path):
            self.platform_files.add(name)
            return
        if not path.startswith(tuple(OUTSIDE[layer])):
            self.report(where, f"{layer} may not include {path}")
        elif layer in ("detail", "ports", "delivery") and NO_INPUT_OUTPUT.match(path):
            self.report(where, f"{layer} knows no socket and no clock, but includes {path}")
        if path.startswith(IN_IPP_ONLY) and not name.endswith(".ipp"):
            self.report(where, f"{path} may be included in .ipp files only")

    def check_platform(self):
        if len(self.platform_files) > 1:
            self.report(", ".join(sorted(self.platform_files)), "headers of the operating system belong in one file")

    def check_units(self):
        units = [name for name in self.includes if name.startswith("src/")]
        reached = {unit: self.reached_from(unit, header_only=False) for unit in units}
        beast = [unit for unit in units if any(path.startswith("boost/beast/") for path in reached[unit])]
        if len(beast) > BEAST_UNITS:
            self.report(", ".join(beast), f"Beast is in {len(beast)} units, {BEAST_UNITS} are allowed")
        headers = [name for name in self.includes if name.endswith(".hpp")]
        with_headers = set().union(*(self.reached_from(header, header_only=True) for header in headers))
        for name in self.includes:
            if name.endswith(".ipp"):
                compiled_by = [unit for unit in units if name in reached[unit]]
                if len(compiled_by) != 1:
                    self.report(name, f"must be compiled by one file of src/, not by {len(compiled_by)}: {', '.join(compiled_by)}")
                if name not in with_headers:
                    self.report(name, "no header includes it in header-only mode")

    def check_lengths(self):
        for start in LENGTH_CHECKED:
            top = self.root / start
            for file in [top] if top.is_file() else sorted(top.rglob("*")):
                if not file.is_file() or "node_modules" in file.parts or file.name in NOT_WRITTEN_BY_HAND:
                    continue
                content = file.read_bytes()
                lines = content.count(b"\n")
                if b"\0" not in content and lines > LONGEST_FILE:
                    self.report(file.relative_to(self.root), f"has {lines} lines, {LONGEST_FILE} are allowed")

    def check(self):
        self.platform_files = set()
        self.check_directions()
        self.check_platform()
        self.check_units()
        self.check_lengths()
        return self.problems


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tree = Tree(sys.argv[1])
    for problem in tree.check():
        print(problem)
    if tree.problems:
        sys.exit(1)
    # Nothing found in nothing read would be no news.
    if not any(name.endswith(".hpp") for name in tree.includes):
        sys.exit("no headers found")
    print(f"{len(tree.includes)} files follow the layers")


if __name__ == "__main__":
    main()
