#!/usr/bin/env python3
# Boost Software License 1.0, see LICENSE
"""Two people chat with examples/client through the node of examples/embedded.

usage: example_test.py <stompchat-embedded> <stompchat-client>
"""

import signal
import subprocess
import sys
import time


def start(*command):
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1)


def person(program, url, name):
    made = start(program, url, name)
    first = made.stderr.readline()
    assert first == f"connected to {url}\n", first
    return made


def main():
    node_program, client_program = sys.argv[1:]
    node = start(node_program, "127.0.0.1:0")
    people = []
    try:
        url = node.stdout.readline().split()[1]
        ann = person(client_program, url, "ann")
        people.append(ann)
        ann.stdin.write("is anybody there?\n")
        assert ann.stdout.readline() == "ann: is anybody there?\n"
        bob = person(client_program, url, "bob")
        people.append(bob)
        assert bob.stdout.readline() == "ann: is anybody there?\n", "the last messages come first"
        bob.stdin.write("so it seems\n")
        for one in people:
            assert one.stdout.readline() == "bob: so it seems\n"
        # The end of the input: what was written before still goes out.
        bob.stdin.write("bye\n")
        bob.stdin.close()
        assert ann.stdout.readline() == "bob: bye\n"
        assert bob.wait(10) == 0
        begin = time.monotonic()
        ann.send_signal(signal.SIGTERM)
        assert ann.wait(10) == 0
        assert time.monotonic() - begin < 5, "it leaves in order, and does not wait for anything"

        refused = start(client_program, "http://127.0.0.1", "ann")
        assert refused.wait(10) == 1
        assert "its scheme must be ws, wss, stomp or stomp+ssl" in refused.stderr.read()
    finally:
        for one in people + [node]:
            if one.poll() is None:
                one.kill()
                one.wait()


if __name__ == "__main__":
    main()
