# Boost Software License 1.0, see LICENSE
"""What the hostile tests share: connections that misbehave, a witness that does not, and an eye on the server's memory."""
import os
import pathlib
import select
import socket
import struct
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "server"))
from server_process import Running  # noqa: E402

MIB = 1024 * 1024
SLOWER = int(os.environ.get("TEST_SLOWER", "1"))  # under a sanitizer everything takes longer, and memory is given back late
LIMITS = ["--connect-timeout", "2s", "--handshake-timeout", "2s", "--no-progress", "2s", "--log-level", "error"]
CONNECT = b"CONNECT\naccept-version:1.2\nhost:a\n\n\0"
PIECE = 64 * 1024


def frame(opcode, payload=b"", fin=True, mask=True, length=None):
    """A WebSocket frame. The mask key is zero, which masks nothing: allowed, and fast."""
    size = len(payload) if length is None else length
    bit = 0x80 if mask else 0
    head = bytes([(0x80 if fin else 0) | opcode])
    if size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", size)
    return head + (b"\0\0\0\0" if mask else b"") + payload


class Peer:
    """A connection whose owner says octet by octet what goes out, and that remembers what came in."""

    def __init__(self, port, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(20 * SLOWER)
        self.socket.connect(("127.0.0.1", port))
        self.raw = b""
        self.ended = False
        self.reset = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def write(self, octets):
        self.socket.sendall(octets)

    def stomp(self, octets):
        """STOMP octets as this transport carries them."""
        return octets

    def say(self, octets):
        self.write(self.stomp(octets))

    def read_once(self):
        try:
            more = self.socket.recv(1 << 20)
        except ConnectionResetError:
            more, self.reset = b"", True
        self.ended = self.ended or not more
        self.raw += more

    def text(self):
        """The STOMP octets received so far."""
        return self.raw

    def close_code(self):
        return None

    def wait_for(self, wanted, seconds=20):
        end = time.monotonic() + seconds * SLOWER
        while wanted not in self.text():
            if self.ended or time.monotonic() > end:
                raise AssertionError(f"no {wanted!r} in {self.text()[-500:]!r}")
            if select.select([self.socket], [], [], 0.2)[0]:
                self.read_once()

    def connect(self, headers=b""):
        self.say(CONNECT.replace(b"\n\n", b"\n" + headers + b"\n"))
        self.wait_for(b"CONNECTED\n")
        return self

    def until_closed(self, seconds=10):
        """Reads until the server has closed the connection, and takes part in that. Returns how long it took."""
        answer = iter([self.end])
        return self.flood(lambda: next(answer, b"") if self.close_code() else b"", seconds)

    def flood(self, more, seconds=10, reading=True):
        """Writes what more() gives, again and again, until the server closes the connection; reads meanwhile, or not.
        Returns how long it took. more() gives nothing when it has no more to say, and None to end the flood."""
        start = time.monotonic()
        self.socket.setblocking(False)
        out = b""
        while not self.ended:
            now = time.monotonic()
            if now - start > seconds * SLOWER:
                raise AssertionError(f"not cut off within {seconds} s; received {self.text()[-500:]!r}")
            if not out:
                out = more()
                if out is None:
                    break
            readable, writable, _ = select.select([self.socket] if reading or not out else [], [self.socket] if out else [], [], 0.2)
            if readable:
                self.read_once()
            if writable:
                try:
                    out = out[self.socket.send(out):]
                except (BrokenPipeError, ConnectionResetError):
                    # The server hung up; what it said before may still be there to read.
                    out, more, reading = b"", lambda: b"", True
        self.socket.settimeout(20 * SLOWER)
        return time.monotonic() - start


class Tcp(Peer):
    name = "tcp"
    end = b""


class Ws(Peer):
    name = "ws"
    end = frame(8)

    def __init__(self, port, receive_buffer=None, upgrade=True):
        super().__init__(port, receive_buffer)
        if not upgrade:
            return
        self.write(b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                   b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: v12.stomp\r\n\r\n")
        while b"\r\n\r\n" not in self.raw:
            self.read_once()
            assert not self.ended, self.raw
        head, _, self.raw = self.raw.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head

    def stomp(self, octets):
        return frame(2, octets)

    def frames(self):
        at = 0
        while at + 2 <= len(self.raw):
            opcode, size, start = self.raw[at] & 15, self.raw[at + 1], at + 2
            if size == 126:
                size, start = struct.unpack(">H", self.raw[start:start + 2])[0], start + 2
            elif size == 127:
                size, start = struct.unpack(">Q", self.raw[start:start + 8])[0], start + 8
            if start + size > len(self.raw):
                return
            yield opcode, self.raw[start:start + size]
            at = start + size

    def text(self):
        return b"".join(payload for opcode, payload in self.frames() if opcode < 8)

    def close_code(self):
        codes = [struct.unpack(">H", payload[:2])[0] for opcode, payload in self.frames() if opcode == 8]
        return codes[0] if codes else None


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
        self.assertLess(self.watch.peak - self.watch.before, self.room * (4 if SLOWER > 1 else 1), "the server's memory grew")

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
