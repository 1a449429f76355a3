# Boost Software License 1.0, see LICENSE
"""What no client of good will sends: bad UTF-8, frames that break RFC 6455, noise."""
import random
import unittest

from attack import HostileTest
from peer import Tcp, Ws, frame

BAD_UTF8 = [b"\xff", b"\xc3", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\x80"]


class Utf8(HostileTest):
    def test_headers_that_are_no_utf8(self):
        for kind in self.each_transport():
            for bad in BAD_UTF8:
                for text in [b"SEND\ndestination:/topic/a\nreceipt:r\nx:" + bad, b"SEND\ndestination:/topic/a\nreceipt:r\n" + bad + b":x"]:
                    with self.open(kind) as peer:
                        peer.connect()
                        peer.say(text + b"\n\n\0")
                        peer.until_closed()
                        self.assert_refused(peer, b"UTF-8", 1007, b"receipt-id:r\n")

    def test_a_command_that_is_no_utf8(self):
        for kind in self.each_transport():
            with self.open(kind) as peer:
                peer.say(b"\xff\xfe\n\n\0")
                peer.until_closed()
                self.assert_refused(peer, b"command", 1002)

    def test_text_messages_that_are_no_utf8(self):
        for bad in BAD_UTF8:
            with self.open(Ws) as peer:
                peer.connect()
                peer.write(frame(1, b"SEND\ndestination:/topic/a\n\n" + bad + b"\0"))
                peer.until_closed()
                self.assert_refused(peer, b"UTF-8", 1007)

    def test_bodies_may_be_anything_in_binary_messages_and_over_tcp(self):
        for kind in self.each_transport():
            with self.open(kind) as peer:
                peer.connect()
                for bad in BAD_UTF8:
                    peer.say(b"SEND\ndestination:/topic/a\n\n" + bad + b"\0")
                peer.say(b"SEND\ndestination:/topic/a\nreceipt:r\n\n\0")
                peer.wait_for(b"receipt-id:r\n")


class WebSocketFrames(HostileTest):
    def refused(self, octets, text, code=1002):
        with self.open(Ws) as peer:
            peer.connect()
            peer.write(octets)
            peer.until_closed()
            self.assert_refused(peer, text, code)

    def test_unmasked_frames(self):
        self.refused(frame(2, b"\n", mask=False), b"mask")
        self.refused(frame(9, b"", mask=False), b"mask")

    def test_reserved_bits_and_opcodes(self):
        for bit in [0x40, 0x20, 0x10]:
            self.refused(bytes([0x82 | bit]) + frame(2, b"\n")[1:], b"reserved")
        for opcode in [3, 7, 11, 15]:
            self.refused(frame(opcode, b"x"), b"opcode")

    def test_control_frames_that_are_long_or_fragmented(self):
        self.refused(frame(9, b"x" * 126), b"control")
        self.refused(frame(9, b"x", fin=False), b"control")
        self.refused(frame(8, b"\x03", fin=True), b"close")

    def test_a_continuation_of_nothing_and_a_message_within_a_message(self):
        self.refused(frame(0, b"x"), b"continu")
        self.refused(frame(2, b"\n", fin=False) + frame(2, b"\n"), b"continu")

    def test_lengths_that_are_not_the_shortest(self):
        self.refused(b"\x82\xfe\x00\x01\0\0\0\0\n", b"length")
        self.refused(b"\x82\xff\0\0\0\0\0\0\0\x01\0\0\0\0\n", b"length")


class Noise(HostileTest):
    def test_random_octets_end_with_an_error_or_a_timeout(self):
        noise = random.Random(1)
        for kind in self.each_transport():
            for _ in range(20):
                with self.open(kind) as peer:
                    try:
                        peer.write(noise.randbytes(3000))
                    except OSError:
                        pass  # it was cut off before it had said all of it
                    peer.until_closed()
                    self.assertIn(b"ERROR\n", peer.text())

    def test_other_protocols_at_the_door(self):
        for octets in [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"r" * 500, b"SSH-2.0-OpenSSH_9.2\r\n", b"EHLO a\r\n",
                       b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]:
            for kind in self.each_transport():
                with (self.open(Ws, upgrade=False) if kind is Ws else self.open(Tcp)) as peer:
                    peer.write(octets)
                    peer.until_closed()


if __name__ == "__main__":
    unittest.main()
