# Boost Software License 1.0, see LICENSE
"""What stomp.py sends and gets, over TCP and over TLS."""
import time
import unittest

from client import LIMIT, VERSIONS, ClientTest, bodies, fresh_room, in_each_way, take


class Messages(ClientTest):
    @in_each_way
    def test_a_text_and_its_headers_come_through_until_unsubscribe(self, to, version):
        client = self.client(to, version)
        headers = client.connect("ann")
        self.assertEqual(headers.get("version", "1.0"), version)
        self.assertEqual(headers["user-name"], "ann")
        room = fresh_room()
        left, stays = client.subscribe(room), client.subscribe(room)
        receipt = client.send(room, "Good morning!", content_type="text/plain", headers={"x-colour": "blue"})
        [message] = take(left, 1)
        self.assertEqual(message.body, "Good morning!")
        for name, value in {"content-type": "text/plain", "x-colour": "blue", "user": "ann", "destination": room}.items():
            self.assertEqual(message.headers[name], value)
        self.assertTrue(message.headers["message-id"].startswith(receipt["message-id"]))
        client.unsubscribe(left)
        client.send(room, "second")
        self.assertEqual(bodies(stays, 2), ["Good morning!", "second"])
        self.assertTrue(left.empty())

    @in_each_way
    def test_unicode_comes_through(self, to, version):
        client = self.client(to, version)
        client.connect("Zoë 李 🦊")
        room = fresh_room() + "/Büro ☕ 🚀"
        inbox = client.subscribe(room)
        text = "ä — שלום — 你好 — 👩‍👩‍👧\r\n\tend"
        # A value that only versions with escapes can write.
        note = "Grüße" if version == "1.0" else "colon: backslash\\ line\nfeed"
        client.send(room, text, headers={"x-note": note})
        [message] = take(inbox, 1)
        self.assertEqual(message.body, text)
        self.assertEqual(message.headers["x-note"], note)
        self.assertEqual(message.headers["user"], "Zoë 李 🦊")
        self.assertEqual(message.headers["destination"], room)

    @in_each_way
    def test_octets_come_through_up_to_the_limit_of_a_body(self, to, version):
        client = self.connected(to, version, auto_decode=False)
        room = fresh_room()
        inbox = client.subscribe(room)
        sent = [bytes(range(256)), b"a\0b\0", b"\n\r\n", b"\0" * LIMIT, bytes(range(256)) * (LIMIT // 256)]
        for body in sent:
            client.send(room, body, content_type="application/octet-stream")
        for body in sent:
            self.assertTrue(inbox.get(timeout=20).body == body)

    @in_each_way
    def test_a_larger_body_is_an_error_that_names_the_limit_and_the_end(self, to, version):
        client = self.connected(to, version)
        try:
            client.connection.send(fresh_room(), b"x" * (LIMIT + 1))
        except OSError:
            pass  # the node stops reading where the limit is passed
        error = client.errors.get(timeout=20)
        self.assertIn(str(LIMIT), error.headers["message"] + error.body)
        self.assertTrue(client.ends.get(timeout=20))

    def test_many_senders_and_one_order(self):
        clients = [self.connected(to, version) for to in [self.tcp, self.tls] for version in VERSIONS]
        room = fresh_room()
        inboxes = [client.subscribe(room) for client in clients]
        for i in range(100):
            for sender, client in enumerate(clients):
                client.connection.send(room, f"{sender}:{i}")
        seen = [bodies(inbox, 100 * len(clients)) for inbox in inboxes]
        for other in seen:
            self.assertEqual(other, seen[0])
        for sender in range(len(clients)):
            own = [body for body in seen[0] if body.startswith(f"{sender}:")]
            self.assertEqual(own, [f"{sender}:{i}" for i in range(100)])


class Acknowledgement(ClientTest):
    @in_each_way
    def test_in_client_mode_an_ack_covers_everything_before_it(self, to, version):
        client = self.connected(to, version)
        room = fresh_room()
        inbox = client.subscribe(room, ack="client", headers={"prefetch-count": "3"})
        for i in range(6):
            client.send(room, str(i))
        first = take(inbox, 3)
        time.sleep(0.1)
        self.assertTrue(inbox.empty(), "the window is full")
        client.acknowledge(client.connection.ack, first[2])
        self.assertEqual(bodies(inbox, 3), ["3", "4", "5"])

    @in_each_way
    def test_in_client_individual_mode_an_ack_or_nack_frees_one_place(self, to, version):
        if version == "1.0":
            return  # it has neither
        client = self.connected(to, version)
        room = fresh_room()
        inbox = client.subscribe(room, ack="client-individual", headers={"prefetch-count": "2"})
        for i in range(4):
            client.send(room, str(i))
        first = take(inbox, 2)
        client.acknowledge(client.connection.ack, first[1])
        self.assertEqual(bodies(inbox, 1), ["2"])
        time.sleep(0.1)
        self.assertTrue(inbox.empty(), "one place, one message")
        client.acknowledge(client.connection.nack, first[0])
        self.assertEqual(bodies(inbox, 1), ["3"])

    @in_each_way
    def test_what_is_in_a_transaction_comes_at_its_commit_or_never(self, to, version):
        client = self.connected(to, version)
        room, acked = fresh_room(), fresh_room()
        inbox = client.subscribe(room)
        window = client.subscribe(acked, ack="client", headers={"prefetch-count": "1"})
        client.send(acked, "one")
        client.send(acked, "two")
        [one] = take(window, 1)
        kept, dropped = client.connection.begin(), client.connection.begin()
        client.send(room, "a", headers={"transaction": kept})
        client.send(room, "never", headers={"transaction": dropped})
        client.send(room, "b", headers={"transaction": kept})
        client.acknowledge(client.connection.ack, one, transaction=kept)
        client.send(room, "outside")
        self.assertEqual(bodies(inbox, 1), ["outside"])
        time.sleep(0.1)
        self.assertTrue(window.empty(), "the ACK has not counted yet")
        client.confirmed(client.connection.abort, dropped)
        client.confirmed(client.connection.commit, kept)
        self.assertEqual(bodies(window, 1), ["two"])
        client.send(room, "last")
        self.assertEqual(bodies(inbox, 3), ["a", "b", "last"])


if __name__ == "__main__":
    unittest.main()
