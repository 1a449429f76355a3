# Boost Software License 1.0, see LICENSE
"""Input without end, and lengths that announce too much."""
import itertools
import unittest

from attack import MIB, PIECE, HostileTest
from peer import Ws, frame


def endless(peer, first, again):
    """Something to flood with: `first` once, then `again` for ever."""
    pieces = itertools.chain([first] if first else [], itertools.repeat(again))
    return lambda: peer.stomp(next(pieces))


class Endless(HostileTest):
    def cut_off(self, first, again, text, code, connected=(False, True)):
        for kind in self.each_transport():
            for log_in in connected:
                with self.open(kind) as peer:
                    if log_in:
                        peer.connect()
                    took = peer.flood(endless(peer, first, again))
                    self.assertLess(took, 5)
                    self.assert_refused(peer, text, code)

    def test_a_command_line_that_never_ends(self):
        self.cut_off(b"", b"S" * PIECE, b"header line", 1009)

    def test_a_header_that_never_ends(self):
        self.cut_off(b"SEND\ndestination:", b"x" * PIECE, b"header line 'destination' has", 1009)

    def test_a_header_name_that_never_ends(self):
        self.cut_off(b"SEND\n", b"x" * PIECE, b"header line", 1009)

    def test_headers_without_end(self):
        self.cut_off(b"SEND\n", b"a:b\n" * (PIECE // 4), b"headers, the limit is 100", 1009)

    def test_a_body_without_content_length_that_never_ends(self):
        self.cut_off(b"SEND\ndestination:/topic/a\n\n", b"x" * PIECE, b"the limit is 262144", 1009, connected=[True])

    def test_before_connect_a_body_may_be_less_long(self):
        self.cut_off(b"CONNECT\n\n", b"x" * PIECE, b"the limit is 65536", 1009, connected=[False])

    def test_frames_behind_a_connect_that_asks_for_nothing_else(self):
        # Every CONNECT behind the first one is a violation, however fast they come.
        again = b"CONNECT\naccept-version:1.2\n\n\0"
        self.cut_off(again, again * 2000, b"already", 1002, connected=[False])

    def test_line_feeds_without_end_are_cut_off_before_connect(self):
        for kind in self.each_transport():
            with self.open(kind) as peer:
                took = peer.flood(endless(peer, b"", b"\n" * PIECE))
                self.assert_refused(peer, b"CONNECT", 1008)
                self.assertLess(took, 6)

    def test_line_feeds_without_end_are_heart_beats_after_connect(self):
        for kind in self.each_transport():
            with self.open(kind) as peer:
                peer.connect()
                pieces = iter([peer.stomp(b"\n" * PIECE)] * 500)
                peer.flood(lambda: next(pieces, None), seconds=60)
                peer.say(b"SEND\ndestination:/topic/a\nreceipt:alive\n\n\0")
                peer.wait_for(b"receipt-id:alive\n")


class Lengths(HostileTest):
    def test_content_lengths_that_are_too_large(self):
        for kind in self.each_transport():
            for length in [b"262145", b"1073741825", b"2147483648", b"4294967295", b"4294967296", b"9223372036854775808",
                           b"18446744073709551615"]:
                with self.open(kind) as peer:
                    peer.connect()
                    peer.say(b"SEND\ndestination:/topic/a\nreceipt:r\ncontent-length:" + length + b"\n\n")
                    peer.until_closed()
                    self.assert_refused(peer, b"the body has " + length + b" octets, the limit is 262144", 1009, b"receipt-id:r\n")

    def test_content_lengths_that_are_no_numbers(self):
        for kind in self.each_transport():
            for length in [b"18446744073709551616", b"1" * 100, b"-1", b"+5", b"0x10", b"5 ", b" 5", b"", b"1e3", b"\xc2\xb2"]:
                with self.open(kind) as peer:
                    peer.connect()
                    peer.say(b"SEND\ndestination:/topic/a\ncontent-length:" + length + b"\n\nhello\0")
                    peer.until_closed()
                    self.assert_refused(peer, b"content-length", 1002)

    def test_a_body_that_is_longer_than_announced(self):
        for kind in self.each_transport():
            with self.open(kind) as peer:
                peer.connect()
                took = peer.flood(endless(peer, b"SEND\ndestination:/topic/a\ncontent-length:3\n\n", b"x" * PIECE))
                self.assert_refused(peer, b"no NUL octet behind the 3 octets", 1002)
                self.assertLess(took, 5)

    def test_content_lengths_before_connect(self):
        for kind in self.each_transport():
            with self.open(kind) as peer:
                peer.say(b"CONNECT\ncontent-length:65537\n\n")
                peer.until_closed()
                self.assert_refused(peer, b"the limit is 65536 before CONNECT", 1009)


class Http(HostileTest):
    def test_a_request_line_that_never_ends(self):
        with self.open(Ws, upgrade=False) as peer:
            self.assertLess(peer.flood(lambda: b"G" * PIECE), 5)
            self.assertRegex(peer.raw, rb"^HTTP/1\.1 4(00|14|31) ")

    def test_a_target_that_never_ends(self):
        with self.open(Ws, upgrade=False) as peer:
            pieces = itertools.chain([b"GET /"], itertools.repeat(b"x" * PIECE))
            self.assertLess(peer.flood(lambda: next(pieces)), 5)
            self.assertRegex(peer.raw, rb"^HTTP/1\.1 4(00|14|31) ")

    def test_fields_without_end(self):
        with self.open(Ws, upgrade=False) as peer:
            pieces = itertools.chain([b"GET /ws HTTP/1.1\r\nHost: a\r\n"], itertools.repeat(b"A: b\r\n" * 10000))
            self.assertLess(peer.flood(lambda: next(pieces)), 5)
            self.assertTrue(peer.raw.startswith(b"HTTP/1.1 431 "), peer.raw[:80])

    def test_a_body_without_end(self):
        with self.open(Ws, upgrade=False) as peer:
            pieces = itertools.chain([b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n"], itertools.repeat(b"x" * PIECE))
            self.assertLess(peer.flood(lambda: next(pieces)), 6)
            self.assertTrue(peer.raw.startswith(b"HTTP/1.1 405 "), peer.raw[:80])


class WebSocketMessages(HostileTest):
    def test_one_message_of_endless_small_fragments(self):
        with self.open(Ws) as peer:
            peer.connect()
            pieces = itertools.chain([frame(2, b"\n", fin=False)], itertools.repeat(frame(0, b"\n" * 100, fin=False) * 500))
            self.assertLess(peer.flood(lambda: next(pieces)), 5)
            self.assert_refused(peer, b"message", 1009)

    def test_a_message_that_announces_too_much(self):
        for length in [MIB + 1, 1 << 32, 1 << 40, (1 << 63) - 1]:
            with self.open(Ws) as peer:
                peer.connect()
                peer.write(frame(2, b"\n", length=length))
                peer.until_closed()
                self.assert_refused(peer, b"message", 1009)

    def test_a_length_with_its_highest_bit_set(self):
        with self.open(Ws) as peer:
            peer.connect()
            peer.write(frame(2, b"\n", length=1 << 63))
            peer.until_closed()
            self.assert_refused(peer, b"length", 1002)

    def test_endless_empty_fragments_hold_nothing(self):
        with self.open(Ws) as peer:
            peer.connect()
            peer.write(frame(2, b"", fin=False))
            pieces = iter([frame(0, b"", fin=False) * 10000] * 200)
            peer.flood(lambda: next(pieces, None), seconds=60)
            peer.write(frame(0, b"SEND\ndestination:/topic/a\nreceipt:alive\n\n\0"))
            peer.wait_for(b"receipt-id:alive\n")


if __name__ == "__main__":
    unittest.main()
