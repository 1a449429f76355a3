# Boost Software License 1.0, see LICENSE
"""How connections of stomp.py live and end."""
import time
import unittest

import stomp
from client import VERSIONS, ClientTest, bodies, fresh_room, in_each_way
from server_process import PATIENCE, Running

BEATS = 15  # seconds for which a quiet connection is watched


class HeartBeats(ClientTest):
    def test_they_keep_a_quiet_connection_alive(self):
        clients = [self.client(to, version, heartbeats=(1000, 1000)) for to in [self.tcp, self.tls] for version in ["1.1", "1.2"]]
        for client in clients:
            self.assertEqual(client.connect()["heart-beat"], "1000,1000")
        time.sleep(BEATS)
        for client in clients:
            self.assertTrue(client.ends.empty() and client.dead.empty() and client.errors.empty())
            self.assertGreaterEqual(client.beats, BEATS - 3)
            client.send(fresh_room(), "still there")

    def test_a_client_that_falls_silent_is_told_so_and_let_go(self):
        clients = [self.connected(to, heartbeats=(1000, 0)) for to in [self.tcp, self.tls]]
        begin = time.monotonic()
        for client in clients:
            client.connection.transport.transmit = lambda frame: None
        for client in clients:
            client.errors.get(timeout=8)
            client.ends.get(timeout=8)
            self.assertGreater(time.monotonic() - begin, 1.5)

    def test_the_client_gives_up_a_node_that_hangs(self):
        with Running("--listen", "none", "--stomp-listen", "127.0.0.1:0") as node:
            client = self.connected((("127.0.0.1", node.port("tcp")), None), heartbeats=(0, 1000))
            node.pause()
            try:
                self.assertTrue(client.dead.get(timeout=8))
            finally:
                node.resume()


class Ends(ClientTest):
    @in_each_way
    def test_disconnect_waits_for_its_receipt(self, to, version):
        client = self.connected(to, version)
        room = fresh_room()
        inbox = client.subscribe(room)
        client.connection.send(room, "last")
        client.connection.disconnect(receipt="bye")
        self.assertEqual(client.receipts.get(timeout=PATIENCE).headers["receipt-id"], "bye")
        self.assertTrue(client.ends.get(timeout=PATIENCE))
        self.assertEqual(bodies(inbox, 1), ["last"])
        self.assertTrue(client.errors.empty())

    @in_each_way
    def test_a_send_to_nowhere_is_an_error_that_names_it_and_the_end(self, to, version):
        client = self.connected(to, version)
        client.connection.send("/nowhere/x", "x", receipt="r-1")
        error = client.errors.get(timeout=PATIENCE)
        self.assertTrue(error.headers["message"])
        self.assertEqual(error.headers["receipt-id"], "r-1")
        self.assertTrue(client.ends.get(timeout=PATIENCE))

    @in_each_way
    def test_a_login_that_is_refused_is_an_error_and_the_end(self, to, version):
        client = self.client(to, version)
        with self.assertRaises(stomp.exception.ConnectFailedException):
            client.connect("anonymous-root")
        self.assertTrue(client.errors.get(timeout=PATIENCE).headers["message"])
        self.assertTrue(client.ends.get(timeout=PATIENCE))

    def test_a_client_connects_again_to_a_node_that_was_killed_and_started_again(self):
        for version in VERSIONS:
            with self.subTest(version=version), Running("--listen", "none", "--stomp-listen", "127.0.0.1:0") as node:
                port = node.port("tcp")
                # Nobody is there at first: stomp.py tries often enough by itself.
                client = self.client((("127.0.0.1", port), None), version, reconnect_attempts_max=50)
                client.connect()
                room = fresh_room()
                inbox = client.subscribe(room)
                client.send(room, "before")
                self.assertEqual(bodies(inbox, 1), ["before"])
                node.kill()
                self.assertTrue(client.ends.get(timeout=PATIENCE))
                with Running("--listen", "none", "--stomp-listen", f"127.0.0.1:{port}") as node:
                    client.connect()
                    again = client.subscribe(room)
                    client.send(room, "after")
                    self.assertEqual(bodies(again, 1), ["after"])
                    client.connection.disconnect(receipt="bye")
                    self.assertEqual(node.stop(), 0)

    def test_a_node_that_stops_in_order_ends_the_connection(self):
        with Running("--listen", "none", "--stomp-listen", "127.0.0.1:0") as node:
            client = self.connected((("127.0.0.1", node.port("tcp")), None))
            self.assertEqual(node.stop(), 0)
            self.assertTrue(client.ends.get(timeout=PATIENCE))


if __name__ == "__main__":
    unittest.main()
