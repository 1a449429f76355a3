# Boost Software License 1.0, see LICENSE
"""Many connections at once or one after the other, and no descriptors left."""
import os
import resource
import select
import socket
import struct
import time
import unittest

from attack import HostileTest
from peer import CONNECT, SLOWER, Tcp, Ws


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Storms(HostileTest):
    def settled(self, wanted, seconds=10):
        """Waits until the server has no more descriptors open than `wanted`."""
        end = time.monotonic() + seconds * SLOWER
        while descriptors(self.server.process.pid) > wanted:
            self.assertLess(time.monotonic(), end, "the server keeps descriptors of connections that have gone")
            time.sleep(0.05)

    def reset(self, peer):
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.socket.close()

    def test_connections_that_come_and_go(self):
        before = descriptors(self.server.process.pid)
        for kind in self.each_transport():
            for i in range(600):
                peer = self.open(kind)
                if i % 3 == 0:
                    peer.socket.close()
                elif i % 3 == 1:
                    peer.say(CONNECT)
                    self.reset(peer)
                else:
                    with peer:
                        peer.connect()
                        peer.say(b"SUBSCRIBE\nid:1\ndestination:/topic/a\n\n\0DISCONNECT\nreceipt:bye\n\n\0")
                        peer.wait_for(b"receipt-id:bye\n")
            self.settled(before)

    def test_a_thousand_connections_at_once_that_vanish(self):
        before = descriptors(self.server.process.pid)
        for kind in self.each_transport():
            peers = [self.open(kind) for _ in range(500)]
            for peer in peers:
                peer.say(CONNECT + b"SUBSCRIBE\nid:1\ndestination:/topic/a\nreceipt:s\n\n\0")
            for peer in peers:
                peer.wait_for(b"receipt-id:s\n")
            for i, peer in enumerate(peers):
                self.reset(peer) if i % 2 else peer.socket.close()
            self.settled(before)

    def test_disconnect_without_a_receipt_ends_the_connection_at_once(self):
        for kind in self.each_transport():
            with self.open(kind) as peer:
                peer.connect()
                peer.say(b"DISCONNECT\n\n\0")
                start = time.monotonic()
                while not (peer.close_code() or peer.ended):
                    peer.read_once()
                self.assertLess(time.monotonic() - start, 1 * SLOWER)
                self.assertEqual(peer.close_code(), 1000 if kind is Ws else None)


class Exhaustion(HostileTest):
    @unittest.skipIf(os.environ.get("TEST_NEEDS_DESCRIPTORS") == "1",
                     "UndefinedBehaviorSanitizer opens a pipe to see whether memory can be read, and reports an error when it cannot")
    def test_no_descriptors_left_is_no_end(self):
        pid = self.server.process.pid
        before = descriptors(pid)
        unlimited = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (before + 20, unlimited[1]))
        # The system completes these connections, but the server cannot accept all of them.
        waiting = [self.open(Tcp) for _ in range(60)]
        for peer in waiting:
            peer.say(CONNECT)
        served = self.serve(waiting, 10)
        spent = self.processor_time()
        time.sleep(1)
        self.assertLess(self.processor_time() - spent, 0.5 * SLOWER, "waiting for descriptors keeps a processor busy")
        self.assertGreaterEqual(descriptors(pid), before + 10)
        # Those that go make room for those that wait.
        for peer in served:
            peer.socket.close()
        served = self.serve(waiting, 10)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, unlimited)
        served += self.serve(waiting, len(waiting))
        for peer in served:
            peer.socket.close()
        told = [line for line in self.server.log if "accept" in line]
        self.assertGreaterEqual(len(told), 1)
        self.assertLess(len(told), 10, "it is told once for each shortage, not for each attempt")

    def serve(self, waiting, number, seconds=10):
        """Waits until at least so many of those that wait are connected; takes them out."""
        end = time.monotonic() + seconds * SLOWER
        served = []
        while len(served) < number:
            self.assertLess(time.monotonic(), end, f"{len(served)} of {number} are served")
            for socket_ in select.select([peer.socket for peer in waiting], [], [], 0.2)[0]:
                peer = next(one for one in waiting if one.socket is socket_)
                peer.wait_for(b"CONNECTED\n")
                waiting.remove(peer)
                served.append(peer)
        return served

    def processor_time(self):
        with open(f"/proc/{self.server.process.pid}/stat") as stat:
            user, system = stat.read().rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    unittest.main()
