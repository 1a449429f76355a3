# Boost Software License 1.0, see LICENSE
"""Connections that say little or nothing."""
import itertools
import time
import unittest

from attack import HostileTest
from peer import CONNECT, SLOWER, Tcp, Ws


def drip(peer, octets, seconds=8):
    """Writes one octet every 100 ms until the connection is closed. Returns how long that took."""
    start = time.monotonic()
    due = itertools.count(1)
    rest = iter(octets)

    def more():
        wait = start + next(due) * 0.1 - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        octet = next(rest, None)
        return b"" if octet is None else bytes([octet])

    return peer.flood(more, seconds)


class Dripping(HostileTest):
    def test_a_connect_frame_octet_by_octet(self):
        for kind in self.each_transport():
            with self.open(kind) as peer:
                # Over WebSocket the octets of one message drip, its header included.
                took = drip(peer, peer.stomp(CONNECT.replace(b"host:a", b"host:" + b"a" * 60)))
                self.assert_refused(peer, b"CONNECT", 1008)
                self.assertGreater(took, 1.5)
                self.assertLess(took, 5 * SLOWER)

    def test_heart_beats_instead_of_connect(self):
        for kind in self.each_transport():
            with self.open(kind) as peer:
                self.assertLess(drip(peer, b"\n" * 200 if kind is Tcp else b"\x82\x81\0\0\0\0\n" * 30), 5 * SLOWER)
                self.assert_refused(peer, b"CONNECT", 1008)

    def test_an_http_request_octet_by_octet(self):
        with self.open(Ws, upgrade=False) as peer:
            self.assertLess(drip(peer, b"GET /ws HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 200), 5 * SLOWER)

    def test_pings_instead_of_connect(self):
        with self.open(Ws) as peer:
            self.assertLess(drip(peer, b"\x89\x80\0\0\0\0" * 40), 5 * SLOWER)
            self.assert_refused(peer, b"CONNECT", 1008)


class Silent(HostileTest):
    def test_connections_that_never_speak(self):
        start = time.monotonic()
        peers = [self.open(Tcp) for _ in range(100)] + [self.open(Ws, upgrade=False) for _ in range(100)] + [self.open(Ws) for _ in range(50)]
        for peer in peers:
            with peer:
                peer.until_closed(12)
        self.assertLess(time.monotonic() - start, 8 * SLOWER)

    def test_a_client_that_falls_silent_though_it_promised_heart_beats(self):
        for kind in self.each_transport():
            with self.open(kind) as peer:
                peer.connect(b"heart-beat:1000,0\n")
                took = peer.until_closed(12)
                self.assert_refused(peer, b"heart-beat", 1008)
                self.assertGreater(took, 2)
                self.assertLess(took, 6 * SLOWER)

    def test_a_client_that_does_not_answer_the_close(self):
        for kind in self.each_transport():
            with self.open(kind) as peer:
                peer.connect()
                peer.say(b"HELLO\n\n\0")
                # It goes on reading and writing, but never closes.
                took = peer.flood(lambda: (time.sleep(0.05), peer.stomp(b"\n"))[1])
                self.assert_refused(peer, b"HELLO", 1002)
                self.assertLess(took, 6 * SLOWER)


if __name__ == "__main__":
    unittest.main()
