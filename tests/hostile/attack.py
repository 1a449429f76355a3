# Boost Software License 1.0, see LICENSE
"""What the hostile tests share: a witness that behaves well, and an eye on the server's memory."""
import os
import pathlib
import sys
import threading
import time
import unittest

TESTS = pathlib.Path(__file__).parent.parent
sys.path[:0] = [str(TESTS / "server"), str(TESTS / "support" / "python")]
from peer import SLOWER, Tcp, Ws  # noqa: E402
from server_process import Running  # noqa: E402

MIB = 1024 * 1024
LIMITS = ["--connect-timeout", "2s", "--handshake-timeout", "2s", "--no-progress", "2s", "--recent-messages", "4MiB",
          "--log-level", "error"]
PIECE = 64 * 1024
MEMORY = int(os.environ.get("TEST_MEMORY", "1"))  # what a sanitizer needs for each octet


class Witness(threading.Thread):
    """A client that behaves well: it sends itself a message every 50 ms and measures how long that takes."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.peer = Tcp(port).connect()
        self.peer.say(b"SUBSCRIBE\nid:w\ndestination:/topic/witness\nreceipt:w\n\n\0")
        self.peer.wait_for(b"receipt-id:w\n")
        self.done = threading.Event()
        self.times = []
        self.failure = None
        self.start()

    def run(self):
        try:
            while not self.done.is_set():
                self.peer.raw = b""
                start = time.monotonic()
                body = b"n%d." % len(self.times)
                self.peer.say(b"SEND\ndestination:/topic/witness\n\n" + body + b"\0")
                self.peer.wait_for(body)
                self.times.append(time.monotonic() - start)
                self.done.wait(0.05)
        except (AssertionError, OSError) as failure:
            self.failure = failure

    def stop(self):
        self.done.set()
        self.join()
        self.peer.socket.close()


class Watch(threading.Thread):
    """The largest resident size that a process had while this ran."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid = pid
        self.before = self.peak = self.resident()
        self.done = threading.Event()
        self.start()

    def resident(self):
        return int(pathlib.Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")

    def run(self):
        while not self.done.wait(0.02):
            try:
                self.peak = max(self.peak, self.resident())
            except (OSError, IndexError):
                return

    def stop(self):
        self.done.set()
        self.join()


class HostileTest(unittest.TestCase):
    """One server for each class; around each test a witness and a watch."""

    room = 24 * MIB  # how much larger the server may become: a few sessions at their limits
    slowest = 2.0    # the longest time in seconds that the witness may wait for its message
    options = []

    @classmethod
    def setUpClass(cls):
        sanitizer = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4"}
        cls.server = Running("--listen", "127.0.0.1:0", "--stomp-listen", "127.0.0.1:0", *LIMITS, *cls.options, listeners=2, env=sanitizer)
        cls.ports = {"ws": cls.server.port("ws"), "tcp": cls.server.port("tcp")}

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        assert code == 0, f"the server ended with {code}: {''.join(cls.server.log)[-2000:]}"

    def setUp(self):
        self.witness = Witness(self.ports["tcp"])
        self.watch = Watch(self.server.process.pid)

    def tearDown(self):
        self.watch.stop()
        self.witness.stop()
        self.assertIsNone(self.witness.failure)
        self.assertGreater(len(self.witness.times), 0)
        self.assertLess(max(self.witness.times), self.slowest * SLOWER)
        self.assertLess(self.watch.peak - self.watch.before, self.room * MEMORY, "the server's memory grew")

    def each_transport(self):
        for kind in (Tcp, Ws):
            print("over", kind.name, file=sys.stderr, flush=True)  # to see which one failed
            yield kind

    def open(self, kind, **how):
        return kind(self.ports[kind.name], **how)

    def assert_refused(self, peer, text, code, also=b""):
        """The server said why in an ERROR, over WebSocket also in its close code."""
        self.assertIn(b"ERROR\n", peer.text())
        self.assertIn(text, peer.text())
        self.assertIn(also, peer.text())
        if isinstance(peer, Ws):
            self.assertEqual(peer.close_code(), code)
