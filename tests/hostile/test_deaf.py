# Boost Software License 1.0, see LICENSE
"""Clients that write and never read: what they ask for piles up nowhere, and they are cut off."""
import itertools
import unittest

from attack import PIECE, HostileTest
from peer import Tcp, Ws, frame


class Deaf(HostileTest):
    def deaf(self, kind, octets, seconds=20):
        with self.open(kind, receive_buffer=4096) as peer:
            peer.connect()
            peer.flood(lambda: octets, seconds, reading=False)

    def test_a_flood_of_pings(self):
        self.deaf(Ws, frame(9, b"x" * 125) * 500)

    def test_a_flood_of_receipts_for_sends(self):
        for kind in self.each_transport():
            octets = b"SEND\ndestination:/topic/flood\nreceipt:" + b"r" * 4000 + b"\n\n\0"
            self.deaf(kind, b"".join([kind.stomp(None, octets)] * 20))

    def test_a_flood_of_receipts_for_transactions(self):
        for kind in self.each_transport():
            octets = b"BEGIN\ntransaction:t\nreceipt:%s\n\n\0ABORT\ntransaction:t\nreceipt:%s\n\n\0" % (b"r" * 7000, b"r" * 7000)
            self.deaf(kind, b"".join([kind.stomp(None, octets)] * 10))

    def test_a_flood_of_subscriptions_that_come_and_go(self):
        for kind in self.each_transport():
            octets = b"SUBSCRIBE\nid:s\ndestination:/topic/flood\nreceipt:%s\n\n\0UNSUBSCRIBE\nid:s\nreceipt:%s\n\n\0" % (b"r" * 7000, b"r" * 7000)
            self.deaf(kind, b"".join([kind.stomp(None, octets)] * 10))

    def test_a_flood_of_requests_to_the_application(self):
        for kind in self.each_transport():
            with self.open(kind, receive_buffer=4096) as peer:
                peer.connect()
                peer.say(b"SUBSCRIBE\nid:q\ndestination:/session/queue/replies\nreceipt:q\n\n\0")
                peer.wait_for(b"receipt-id:q\n")
                octets = peer.stomp(b"SEND\ndestination:/app/echo\ncorrelation-id:1\n\n" + b"x" * 10000 + b"\0")
                peer.flood(lambda: octets, 20, reading=False)

    def test_a_subscriber_that_does_not_read_holds_nobody_up(self):
        for kind in self.each_transport():
            with self.open(kind, receive_buffer=4096) as peer, self.open(Tcp) as writer:
                peer.connect()
                peer.say(b"SUBSCRIBE\nid:s\ndestination:/topic/flood\nreceipt:s\n\n\0")
                peer.wait_for(b"receipt-id:s\n")
                writer.connect()
                octets = (b"SEND\ndestination:/topic/flood\n\n" + b"x" * PIECE + b"\0")
                pieces = itertools.chain([octets] * 300, [octets.replace(b"\n\n", b"\nreceipt:all\n\n")])
                writer.flood(lambda: next(pieces, None), 60)
                writer.wait_for(b"receipt-id:all\n", 60)
                peer.flood(lambda: b"\n" if kind is Tcp else frame(2, b"\n"), 20, reading=False)


if __name__ == "__main__":
    unittest.main()
