# Boost Software License 1.0, see LICENSE
"""A STOMP client for the conformance tests that shows frames as they stand on the wire."""
import pathlib
import select
import sys
import time
import unittest

TESTS = pathlib.Path(__file__).parent.parent
sys.path[:0] = [str(TESTS / "server"), str(TESTS / "support" / "python")]
from peer import SLOWER, Tcp, Ws  # noqa: E402
from server_process import Running  # noqa: E402

VERSIONS = ["1.0", "1.1", "1.2"]


class Frame:
    def __init__(self, octets, version):
        head, _, rest = octets.partition(b"\n\n")
        self.command, *lines = head.decode().split("\n")
        self.lines = [tuple(line.split(":", 1)) for line in lines]
        self.raw = {name: value for name, value in reversed(self.lines)}  # of equal ones the first counts
        self.headers = self.raw
        if version != "1.0" and self.command not in ("CONNECT", "CONNECTED"):
            self.headers = {self.unescaped(name): self.unescaped(value) for name, value in self.raw.items()}
        self.body = rest

    @staticmethod
    def unescaped(text):
        parts = text.split("\\\\")
        return "\\".join(part.replace("\\n", "\n").replace("\\c", ":").replace("\\r", "\r") for part in parts)

    def __repr__(self):
        return f"{self.command} {self.lines} {self.body[:80]!r}"

    def __getitem__(self, name):
        return self.headers.get(name)


class Client:
    """One session. Frames are given as text, without the closing NUL."""

    def __init__(self, kind, port, version="1.2", headers=""):
        self.peer = kind(port)
        self.version = version
        self.taken = 0
        accept = "" if version == "1.0" else f"accept-version:{version}\nhost:a\n"
        self.write(f"CONNECT\n{accept}{headers}\n")
        self.connected = self.next("CONNECTED")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.peer.socket.close()

    def write(self, *frames):
        for frame in frames:
            octets = frame if isinstance(frame, bytes) else frame.encode()
            self.peer.say(octets + b"\0")

    def waiting(self):
        """The octets behind the frames that were taken, without heart-beats in front."""
        return self.peer.text()[self.taken:].lstrip(b"\n")

    def _one(self):
        text = self.peer.text()
        start = self.taken
        while text[start:start + 1] == b"\n":
            start += 1
        head, separator, rest = text[start:].partition(b"\n\n")
        if not separator:
            return None
        length = next((int(line[15:]) for line in head.split(b"\n") if line.startswith(b"content-length:")), None)
        if length is None:
            length = rest.find(b"\0")
        if length < 0 or len(rest) <= length:
            return None
        assert rest[length:length + 1] == b"\0", rest[:length + 10]
        self.taken = start + len(head) + 2 + length + 1
        return Frame(text[start:start + len(head) + 2 + length], self.version)

    def next(self, command, seconds=10):
        """The next frame, which must be of that command."""
        frame = self.any(seconds, command)
        assert frame.command == command, f"{frame} instead of {command}"
        return frame

    def any(self, seconds=10, wanted="frame"):
        """The next frame, whatever it is."""
        end = time.monotonic() + seconds * SLOWER
        while True:
            frame = self._one()
            if frame:
                return frame
            if self.peer.ended or time.monotonic() > end:
                raise AssertionError(f"no {wanted}; ended: {self.peer.ended}; received {self.peer.text()[-300:]!r}")
            if select.select([self.peer.socket], [], [], 0.2)[0]:
                self.peer.read_once()

    def ask(self, frame, number=[0]):
        """Writes a frame with a receipt and waits for it. Returns the RECEIPT."""
        number[0] += 1
        command, _, rest = frame.partition("\n")
        self.write(f"{command}\nreceipt:r{number[0]}\n{rest}")
        receipt = self.next("RECEIPT")
        assert receipt["receipt-id"] == f"r{number[0]}", receipt
        return receipt

    def messages(self, number):
        return [self.next("MESSAGE") for _ in range(number)]

    def quiet(self):
        """True when nothing waits: a RECEIPT comes next."""
        self.ask("SEND\ndestination:/topic/nobody\n\n")
        return True

    def refused(self, *frames):
        """Writes frames that must end the session. Returns the ERROR."""
        self.write(*frames)
        error = self.next("ERROR")
        self.closed()
        return error

    def closed(self, code=None):
        self.peer.until_closed()
        assert self.waiting() == b"", f"behind the last frame: {self.waiting()!r}"
        assert not self.peer.reset, "the connection was reset"
        if code and isinstance(self.peer, Ws):
            assert self.peer.close_code() == code, self.peer.close_code()


class ConformanceTest(unittest.TestCase):
    options = []

    @classmethod
    def setUpClass(cls):
        cls.server = Running("--listen", "127.0.0.1:0", "--stomp-listen", "127.0.0.1:0", "--log-level", "error", *cls.options, listeners=2)
        cls.ports = {Ws: cls.server.port("ws"), Tcp: cls.server.port("tcp")}

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0, cls.server.log

    def setUp(self):
        self.clients = []
        self.room = f"/topic/{self.id().rsplit('.', 1)[1]}"

    def tearDown(self):
        for client in self.clients:
            client.peer.socket.close()

    def client(self, version="1.2", kind=Ws, headers=""):
        self.clients.append(Client(kind, self.ports[kind], version, headers))
        return self.clients[-1]

    def everywhere(self, versions=VERSIONS):
        """Each version over each transport, in a room of its own."""
        for kind in (Tcp, Ws):
            for version in versions:
                self.room = f"/topic/{self.id().rsplit('.', 1)[1]}/{kind.name}/{version}"
                yield version, kind

    def subscription(self, ident="s", ack="auto", more=""):
        return f"SUBSCRIBE\nid:{ident}\ndestination:{self.room}\nack:{ack}\n{more}\n"

    def send(self, body="", more=""):
        return f"SEND\ndestination:{self.room}\n{more}\n{body}"
