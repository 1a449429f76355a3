# Boost Software License 1.0, see LICENSE
"""What all parts of a cluster have in common."""

import os
import pathlib
import signal
import time

from . import ports, process


class PartError(Exception):
    """A part cannot be started. The text names it."""


def wait_for(condition, seconds, otherwise):
    """Waits until the condition holds; PartError with the text when it does not within the time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise PartError(otherwise)
        time.sleep(0.05)


class Part:
    """A program with an id that is unique in its cluster, an address, and a folder for its data and its log."""

    kind = None
    patience = 60  # seconds until it must be ready
    stop_patience = 15  # seconds between SIGTERM and SIGKILL

    def __init__(self, id, folder, argv, port, *, outlive=False, **details):
        self.id = id
        self.folder = pathlib.Path(folder)
        self.argv = [str(each) for each in argv]
        self.port = port
        self.outlive = outlive
        self.details = details
        self.process = None
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def log(self):
        return self.folder / f"{self.id}.log"

    @property
    def pid(self):
        """None while it is down."""
        return self.process.pid if self.process and self.process.alive() else None

    def ready(self):
        """Whether it serves. Must not block for long."""
        raise NotImplementedError

    def listens(self):
        return self.pid is not None and ports.listens(self.pid, self.port)

    def launch(self):
        """Starts it without waiting until it is ready."""
        if self.pid is not None:
            raise PartError(f"{self.id} runs already")
        self._said_before = self.log.stat().st_size if self.log.exists() else 0
        # Options in the environment of whoever starts this are none of the part's.
        env = {name: value for name, value in os.environ.items() if not name.startswith("STOMPCHAT_")}
        try:
            self.process = process.spawn(self.argv, self.log, outlive=self.outlive, env=env, cwd=self.folder)
        except OSError as error:
            raise PartError(f"{self.id} cannot be started: {self.argv[0]}: {error.strerror}") from None

    def wait_until_ready(self, seconds=None):
        deadline = time.monotonic() + (seconds or self.patience)
        while not self.ready():
            if self.pid is None:
                raise PartError(f"{self.id} ended while it started: {self.last_words()}")
            if time.monotonic() > deadline:
                raise PartError(f"{self.id} was not ready in {seconds or self.patience} s, see {self.log}")
            time.sleep(0.05)
        return self

    def start(self, seconds=None):
        self.launch()
        return self.wait_until_ready(seconds)

    def stop(self, seconds=None):
        """Ends it in order, or the hard way when it takes too long."""
        if self.process and self.process.send(signal.SIGTERM):
            self.process.send(signal.SIGCONT)
            if not self.process.wait(self.stop_patience if seconds is None else seconds):
                self.kill()

    def kill(self):
        """Ends it as a crash does."""
        if self.process and self.process.send(signal.SIGKILL):
            self.process.wait(30)

    def hold(self):
        """SIGSTOP: nothing moves in it, and its connections stay."""
        self.process.send(signal.SIGSTOP)

    def go_on(self):
        """SIGCONT."""
        self.process.send(signal.SIGCONT)

    def said(self):
        """What it has written since it was last started."""
        if not self.log.exists():
            return ""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            file.seek(self._said_before)
            return file.read()

    _said_before = 0

    def last_words(self):
        """The line of its log that probably says why it ended."""
        lines = [line.strip() for line in self.said().splitlines() if line.strip() and not line.startswith(("\t", "    at "))]
        for word in ("FATAL", "ERROR", "rror", "Exception"):
            for line in reversed(lines):
                if word in line:
                    return line
        return lines[-1] if lines else f"it said nothing in {self.log}"
