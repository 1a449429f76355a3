# Boost Software License 1.0, see LICENSE
"""Connections to a server whose owner says octet by octet what goes out."""
import os
import select
import socket
import struct
import time

SLOWER = int(os.environ.get("TEST_SLOWER", "1"))  # under a sanitizer everything takes longer, and memory is given back late
CONNECT = b"CONNECT\naccept-version:1.2\nhost:a\n\n\0"


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
