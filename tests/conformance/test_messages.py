# Boost Software License 1.0, see LICENSE
"""SEND, MESSAGE, RECEIPT and ERROR as a client sees them on the wire."""
import socket
import unittest

from client import ConformanceTest


class Messages(ConformanceTest):
    def test_a_message_has_destination_subscription_and_a_message_id_of_its_own(self):
        for version, kind in self.everywhere():
            client = self.client(version, kind)
            client.ask(self.subscription())
            client.write(self.send("1"), self.send("2"))
            first, second = client.messages(2)
            self.assertEqual([first.body, second.body], [b"1", b"2"])
            self.assertNotEqual(first["message-id"], second["message-id"])
            for one in (first, second):
                self.assertEqual(one["destination"], self.room)
                self.assertEqual(one["subscription"], "s")
                self.assertRegex(one["message-id"], r"^[A-Za-z0-9._-]+$")

    def test_each_subscription_of_a_destination_gets_its_own_message(self):
        for version, kind in self.everywhere():
            client = self.client(version, kind)
            client.ask(self.subscription("a"))
            client.ask(self.subscription("b"))
            client.write(self.send("x"))
            self.assertEqual(sorted(one["subscription"] for one in client.messages(2)), ["a", "b"])
            client.quiet()

    def test_in_1_0_a_message_names_the_subscription_only_if_it_has_an_id(self):
        for version, kind in self.everywhere(["1.0"]):
            client = self.client(version, kind)
            client.ask(f"SUBSCRIBE\ndestination:{self.room}\n\n")
            client.write(self.send("x"))
            message = client.next("MESSAGE")
            self.assertIsNone(message["subscription"])
            client.ask(f"UNSUBSCRIBE\ndestination:{self.room}\n\n")
            client.write(self.send("y"))
            client.quiet()

    def test_ack_stands_in_messages_of_1_2_that_need_acknowledgement_and_in_no_other(self):
        for version, kind in self.everywhere():
            for ack in ["auto", "client"] + (["client-individual"] if version != "1.0" else []):
                client = self.client(version, kind)
                client.ask(self.subscription(ack=ack))
                client.write(self.send("x"))
                message = client.next("MESSAGE")
                self.assertEqual(message["ack"] is not None, version == "1.2" and ack != "auto")
                if message["ack"]:
                    self.assertRegex(message["ack"], r"^[A-Za-z0-9._-]+$")

    def test_headers_of_send_appear_in_message_and_what_belongs_to_the_hop_does_not(self):
        for version, kind in self.everywhere():
            client = self.client(version, kind)
            client.ask(self.subscription())
            client.write("BEGIN\ntransaction:t\n\n")
            client.write(self.send("x", "content-type:text/x\nreceipt:r\ntransaction:t\nack:7\nsubscription:z\nmessage-id:m\nuser:eve\na:1\nb:2\n"))
            self.assertEqual(client.next("RECEIPT")["receipt-id"], "r")
            client.write("COMMIT\ntransaction:t\n\n")
            message = client.next("MESSAGE")
            names = [name for name, _ in message.lines]
            self.assertEqual([message[name] for name in ("content-type", "a", "b")], ["text/x", "1", "2"])
            self.assertLess(names.index("a"), names.index("b"))
            for name in ("message-id", "user", "subscription", "destination"):
                self.assertEqual(names.count(name), 1, name)
            self.assertEqual(message["subscription"], "s")
            self.assertNotEqual(message["message-id"], "m")
            self.assertNotEqual(message["user"], "eve")
            for name in ("receipt", "transaction", "ack"):
                self.assertIsNone(message[name])

    def test_content_length_is_right_whatever_the_body_holds(self):
        for version, kind in self.everywhere():
            client = self.client(version, kind)
            client.ask(self.subscription())
            for body in [b"", b"x", b"a\0b", b"\0", "\u00e4\U0001f600".encode(), b"\xff\xfe", b"\n\n", b"x" * 100_000]:
                client.write(b"SEND\ndestination:%s\ncontent-length:%d\n\n%s" % (self.room.encode(), len(body), body))
                message = client.next("MESSAGE")
                self.assertEqual(message.body, body)
                self.assertEqual(message["content-length"], str(len(body)))

    def test_a_header_that_the_receivers_version_cannot_write_is_left_out(self):
        sender = self.client("1.2")
        receivers = {version: self.client(version) for version in ("1.0", "1.1", "1.2")}
        for receiver in receivers.values():
            receiver.ask(self.subscription())
        sender.write(self.send("x", "forged:a\\nuser\\cadmin\ncr:a\\rb\ncolon:a\\cb\nlast:1\n"))
        got = {version: receiver.next("MESSAGE") for version, receiver in receivers.items()}
        self.assertEqual([got[version]["forged"] for version in got], [None, "a\nuser:admin", "a\nuser:admin"])
        self.assertEqual([got[version]["cr"] for version in got], [None, None, "a\rb"])
        self.assertEqual([got[version]["colon"] for version in got], ["a:b"] * 3)
        for message in got.values():
            self.assertEqual(message["last"], "1")
            self.assertNotEqual(message["user"], "admin")

    def test_no_line_that_the_server_writes_ends_with_cr(self):
        for version, kind in self.everywhere():
            client = self.client(version, kind)
            client.write(f"SUBSCRIBE\r\nid:s\r\ndestination:{self.room}\r\nreceipt:r\r\n\r\n")
            client.next("RECEIPT")
            client.write(f"SEND\r\ndestination:{self.room}\r\na:b\r\n\r\nx")
            self.assertEqual(client.next("MESSAGE")["a"], "b")
            client.refused("NONSENSE\r\n\r\n")
            self.assertNotIn(b"\r", client.peer.text())

    def test_over_websocket_each_frame_is_one_message_and_text_if_it_can_be(self):
        client = self.client()
        client.ask(self.subscription())
        client.write(self.send("t\u00e4xt"), b"SEND\ndestination:" + self.room.encode() + b"\n\n\xff", self.send("x" * 100_000))
        client.messages(3)
        frames = [(opcode, payload) for opcode, payload in client.peer.frames() if opcode < 8 and payload != b"\n"]
        self.assertEqual([opcode for opcode, _ in frames], [1, 1, 1, 2, 1])  # CONNECTED, RECEIPT, three MESSAGEs
        for _, payload in frames:
            self.assertTrue(payload.endswith(b"\0"))


class Receipts(ConformanceTest):
    def test_every_frame_with_a_receipt_gets_it(self):
        for version, kind in self.everywhere():
            client = self.client(version, kind)
            client.ask(self.subscription(ack="client"))
            client.write(self.send("x"))
            message = client.next("MESSAGE")
            name = {"1.0": "message-id", "1.1": "message-id", "1.2": "id"}[version]
            value = message["ack"] or message["message-id"]
            settle = f"{name}:{value}\nsubscription:s\n\n"
            frames = ["BEGIN\ntransaction:t\n\n", self.send("y", "transaction:t\n"), "COMMIT\ntransaction:t\n\n",
                      "BEGIN\ntransaction:t\n\n", "ABORT\ntransaction:t\n\n", f"ACK\n{settle}"]
            for frame in frames + ([f"NACK\n{settle}"] if version != "1.0" else []):
                command, _, rest = frame.partition("\n")
                client.write(f"{command}\nreceipt:{command}-7\n{rest}")
                # COMMIT also brings the MESSAGE.
                got = [client.any() for _ in range(2 if command == "COMMIT" else 1)]
                receipt = next(one for one in got if one.command == "RECEIPT")
                self.assertEqual(receipt["receipt-id"], f"{command}-7")
            client.ask("UNSUBSCRIBE\nid:s\n\n")
            client.ask("DISCONNECT\n\n")

    def test_a_receipt_id_is_escaped_like_the_receipt(self):
        for version, kind in self.everywhere(["1.1", "1.2"]):
            client = self.client(version, kind)
            client.write(self.send("x", "receipt:a\\c\\n\\\\\n"))
            receipt = client.next("RECEIPT")
            self.assertEqual(receipt.raw["receipt-id"], "a\\c\\n\\\\")


class Errors(ConformanceTest):
    def test_what_cannot_be_processed_is_an_error_that_names_the_receipt_and_then_the_end(self):
        for version, kind in self.everywhere():
            for frame, code in [("SEND\ndestination:/queue/none\nreceipt:r\n\nx", 1008), ("SUBSCRIBE\nid:1\ndestination:/queue/none\nreceipt:r\n\n", 1008),
                                ("SEND\nreceipt:r\n\nx", 1002), ("SUBSCRIBE\nid:1\nreceipt:r\n\n", 1002), ("NONSENSE\nreceipt:r\n\n", 1002)]:
                with self.client(version, kind) as client:
                    client.write(frame)
                    error = client.next("ERROR")
                    client.closed(code)
                    self.assertEqual(error["receipt-id"], "r")
                    self.assertTrue(error["message"])
                    self.assertEqual(error["content-type"], "text/plain")
                    self.assertEqual(error["content-length"], str(len(error.body)))
                    self.assertGreater(len(error.body), 0)

    def test_nothing_behind_the_frame_in_error_is_done(self):
        for version, kind in self.everywhere():
            watcher = self.client()
            watcher.ask(self.subscription())
            with self.client(version, kind) as client:
                client.peer.say((self.send("before") + "\0NONSENSE\n\n\0" + self.send("behind") + "\0").encode())
                client.next("ERROR")
                client.closed()
            self.assertEqual(watcher.next("MESSAGE").body, b"before")
            watcher.quiet()


class Ends(ConformanceTest):
    def test_disconnect_with_receipt_processes_what_came_before_it_then_answers_and_closes(self):
        for version, kind in self.everywhere():
            watcher = self.client()
            watcher.ask(self.subscription())
            with self.client(version, kind) as client:
                client.write(*[self.send(str(i)) for i in range(50)], "DISCONNECT\nreceipt:bye\n\n", self.send("late"))
                self.assertEqual(client.next("RECEIPT")["receipt-id"], "bye")
                client.closed(1000)
            self.assertEqual([int(one.body) for one in watcher.messages(50)], list(range(50)))
            watcher.quiet()

    def test_disconnect_without_receipt_just_closes(self):
        for version, kind in self.everywhere():
            with self.client(version, kind) as client:
                client.write("DISCONNECT\n\n")
                client.closed(1000)

    def test_what_was_received_before_the_connection_ended_is_processed(self):
        for version, kind in self.everywhere():
            watcher = self.client()
            watcher.ask(self.subscription())
            client = self.client(version, kind)
            client.write(*[self.send(str(i)) for i in range(20)])
            client.peer.socket.shutdown(socket.SHUT_WR)
            self.assertEqual([int(one.body) for one in watcher.messages(20)], list(range(20)))

    def test_an_open_transaction_ends_with_its_connection(self):
        for version, kind in self.everywhere():
            watcher = self.client()
            watcher.ask(self.subscription())
            for end in ["DISCONNECT\nreceipt:bye\n\n", None]:
                with self.client(version, kind) as client:
                    client.ask("BEGIN\ntransaction:t\n\n")
                    client.ask(self.send("never", "transaction:t\n"))
                    if end:
                        client.write(end)
                        client.next("RECEIPT")
                        client.closed()
            watcher.quiet()

    def test_no_message_of_a_subscription_comes_behind_the_receipt_of_its_unsubscribe(self):
        for version, kind in self.everywhere():
            client = self.client(version, kind)
            client.ask(self.subscription())
            client.write(*[self.send(str(i)) for i in range(20)], "UNSUBSCRIBE\nid:s\nreceipt:gone\n\n", *[self.send("late")] * 5)
            frames = []
            while not frames or frames[-1].command != "RECEIPT":
                frames.append(client.any())
            client.quiet()


if __name__ == "__main__":
    unittest.main()
