# Boost Software License 1.0, see LICENSE
"""What the measuring programs have in common: servers that run for a while, and tables in documents."""

import datetime
import os
import pathlib
import re
import subprocess
import sys


def ask_for_priority():
    """Where the system lets it, a program whose latency is measured does not wait for a processor behind everything else that runs here."""
    try:
        # Not real-time priority: who uses all of a processor with it is stopped by the system for 50 ms in each second.
        os.setpriority(os.PRIO_PROCESS, 0, -15)
    except PermissionError:
        pass


class Server:
    """A server process. It prints its port first and ends with the block."""

    def __init__(self, command, first=False):
        self.command = command
        self.first = first

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True, preexec_fn=ask_for_priority if self.first else None)
        self.port = self.process.stdout.readline().strip()
        if not self.port.isdigit():
            sys.exit(f"{self.command[0]} did not start")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        # What it says at its end.
        self.farewell = self.process.stdout.read()


def progress(text):
    print(f"{datetime.datetime.now():%H:%M:%S} {text}", file=sys.stderr, flush=True)


def judge(value, target):
    return "yes" if value <= target else "**no**"


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    compiler = subprocess.run(["c++", "--version"], stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return f"{os.cpu_count()} × {model.group(1) if model else 'unknown'}, Linux {os.uname().release}, {compiler[0] if compiler else ''}"


def write_between(document, begin, end, table):
    """Replaces what stands between two marks of a document."""
    text = document.read_text()
    before, after = text[: text.index(begin)], text[text.index(end):]
    document.write_text(f"{before}{begin}\n{table}\n{after}")
