# Boost Software License 1.0, see LICENSE
"""Clients that make the server keep much: transactions, subscriptions, unacknowledged messages."""
import itertools
import unittest

from attack import MIB, HostileTest
from peer import Tcp, Ws


class Transactions(HostileTest):
    room = 96 * MIB  # 32 MiB are allowed to one session; the rest are the allocator's holes and what it does not give back at once

    def test_many_open_transactions_with_large_frames(self):
        for kind in self.each_transport():
            with self.open(kind) as peer:
                peer.connect()
                for i in range(100):
                    peer.say(b"BEGIN\ntransaction:%d\n\n\0" % i)
                body = b"x" * (250 * 1024)
                numbers = itertools.count()
                frame = b"SEND\ndestination:/topic/a\ntransaction:%d\nreceipt:n\n\n" + body + b"\0"
                took = peer.flood(lambda: peer.stomp(frame % (next(numbers) % 100)))
                self.assertLess(took, 8)
                self.assert_refused(peer, b"the open transactions of this session would together have ", 1009, b", the limit is 33554432")

    def test_one_transaction_that_never_ends(self):
        for kind in self.each_transport():
            for body, limit in [(b"x" * 250 * 1024, b" octets, the limit is 16777216"), (b"", b"1001 frames, the limit is 1000")]:
                with self.open(kind) as peer:
                    peer.connect()
                    peer.say(b"BEGIN\ntransaction:t\n\n\0")
                    octets = peer.stomp(b"SEND\ndestination:/topic/a\ntransaction:t\n\n" + body + b"\0")
                    peer.flood(lambda: octets)
                    self.assert_refused(peer, limit, 1009)

    def test_transactions_without_end(self):
        for kind in self.each_transport():
            with self.open(kind) as peer:
                peer.connect()
                numbers = itertools.count()
                peer.flood(lambda: b"".join(peer.stomp(b"BEGIN\ntransaction:%d\n\n\0" % next(numbers)) for _ in range(10)))
                self.assert_refused(peer, b"101 open transactions, the limit is 100", 1008)


class Subscriptions(HostileTest):
    def subscribe(self, peer, numbers):
        return b"".join(peer.stomp(b"SUBSCRIBE\nid:%d\ndestination:/topic/hoard-%d\nack:client\n\n\0" % (n, n)) for n in numbers)

    def test_thousands_of_subscriptions(self):
        peers = [self.open(Tcp if i % 2 else Ws).connect() for i in range(10)]
        for peer in peers:
            peer.write(self.subscribe(peer, range(1000)))
        for peer in peers:
            peer.say(b"SEND\ndestination:/topic/hoard-999\nreceipt:r\n\nfound\0")
            peer.wait_for(b"receipt-id:r\n")
        for peer in peers:
            peer.write(self.subscribe(peer, [1000]))
            peer.until_closed()
            self.assert_refused(peer, b"1001 subscriptions, the limit is 1000", 1008)
            peer.socket.close()

    def test_acknowledgements_of_what_was_never_delivered(self):
        for kind in self.each_transport():
            with self.open(kind) as peer:
                peer.connect()
                peer.write(self.subscribe(peer, range(1000)))
                peer.say(b"ACK\nid:1-1-1-1\n\n\0" * 100)
                peer.until_closed()
                self.assert_refused(peer, b"no message with the id 1-1-1-1 was delivered", 1002)

    def test_a_thousand_subscriptions_do_not_make_acknowledgements_dear(self):
        with self.open(Tcp) as peer:
            peer.connect()
            peer.write(self.subscribe(peer, range(999)))
            peer.say(b"SUBSCRIBE\nid:x\ndestination:/topic/dear\nack:client\nreceipt:live\n\n\0")
            peer.wait_for(b"receipt-id:live\n")
            peer.say(b"SEND\ndestination:/topic/dear\n\nx\0")
            peer.wait_for(b"\nack:")
            ack = peer.text().split(b"\nack:")[1].split(b"\n")[0]
            pieces = iter([b"ACK\nid:%s\n\n\0" % ack * 1000] * 50)
            peer.flood(lambda: next(pieces, None), 60)
            peer.say(b"ACK\nid:%s\nreceipt:all\n\n\0" % ack)
            peer.wait_for(b"receipt-id:all\n", 60)

    def test_messages_that_are_never_acknowledged(self):
        with self.open(Tcp) as peer, self.open(Tcp) as writer:
            peer.connect()
            peer.say(b"SUBSCRIBE\nid:x\ndestination:/topic/unacknowledged\nack:client\nprefetch-count:5\nreceipt:s\n\n\0")
            peer.wait_for(b"receipt-id:s\n")
            writer.connect()
            pieces = iter([b"SEND\ndestination:/topic/unacknowledged\n\nx\0" * 100] * 50 + [b"SEND\ndestination:/topic/a\nreceipt:all\n\n\0"])
            writer.flood(lambda: next(pieces, None), 60)
            writer.wait_for(b"receipt-id:all\n", 60)
            peer.say(b"SEND\ndestination:/topic/a\nreceipt:alive\n\n\0")
            peer.wait_for(b"receipt-id:alive\n")
            self.assertEqual(peer.text().count(b"MESSAGE\n"), 5)


if __name__ == "__main__":
    unittest.main()
