# Boost Software License 1.0, see LICENSE
"""ACK, NACK and transactions over the wire. A window of unacknowledged messages shows what was settled."""
import unittest

from client import ConformanceTest


class Acknowledgement(ConformanceTest):
    def settle(self, message, command="ACK", more=""):
        if message.version == "1.2":
            return f"{command}\nid:{message['ack']}\n{more}\n"
        subscription = f"subscription:{message['subscription']}\n" if message.version == "1.1" else ""
        return f"{command}\nmessage-id:{message['message-id']}\n{subscription}{more}\n"

    def window(self, version, kind, ack, size, messages):
        """A client that was sent so many messages and has a window of `size`. Returns it and what came at once."""
        client = self.client(version, kind)
        client.ask(self.subscription(ack=ack, more=f"prefetch-count:{size}\n"))
        client.write(*[self.send(str(i)) for i in range(messages)])
        got = client.messages(size)
        client.quiet()
        for message in got:
            message.version = version
        return client, got

    def bodies(self, client, number):
        found = [int(message.body) for message in client.messages(number)]
        client.quiet()
        return found

    def test_client_mode_covers_the_message_and_all_earlier_ones(self):
        for version, kind in self.everywhere():
            client, got = self.window(version, kind, "client", 4, 10)
            client.write(self.settle(got[2]))
            self.assertEqual(self.bodies(client, 3), [4, 5, 6])

    def test_client_mode_covers_no_other_subscription(self):
        for version, kind in self.everywhere(["1.1", "1.2"]):
            client = self.client(version, kind)
            for ident in ("a", "b"):
                client.ask(self.subscription(ident, "client", "prefetch-count:2\n"))
            client.write(*[self.send(str(i)) for i in range(4)])
            got = client.messages(4)
            client.quiet()
            last = [message for message in got if message["subscription"] == "a"][-1]
            last.version = version
            client.write(self.settle(last))
            self.assertEqual([message["subscription"] for message in client.messages(2)], ["a", "a"])
            client.quiet()

    def test_client_individual_mode_covers_one_message(self):
        for version, kind in self.everywhere(["1.1", "1.2"]):
            client, got = self.window(version, kind, "client-individual", 4, 10)
            client.write(self.settle(got[3]))
            self.assertEqual(self.bodies(client, 1), [4])
            client.write(self.settle(got[0], "NACK"))
            self.assertEqual(self.bodies(client, 1), [5])

    def test_nack_in_client_mode_covers_all_earlier_ones(self):
        for version, kind in self.everywhere(["1.1", "1.2"]):
            client, got = self.window(version, kind, "client", 3, 10)
            client.write(self.settle(got[1], "NACK"))
            self.assertEqual(self.bodies(client, 2), [3, 4])

    def test_a_repeated_ack_and_one_behind_an_unsubscribe_change_nothing(self):
        for version, kind in self.everywhere():
            client, got = self.window(version, kind, "client", 2, 5)
            client.write(self.settle(got[0]), self.settle(got[0]))
            self.assertEqual(self.bodies(client, 1), [2])
            client.ask("UNSUBSCRIBE\nid:s\n\n")
            client.ask(self.settle(got[1]))
            client.quiet()

    def test_an_ack_of_what_was_never_delivered_is_an_error(self):
        for version, kind in self.everywhere():
            for wrong in ("nonsense", "1-1-1-1", "0-0-7fffffffffffffff-0"):
                client, got = self.window(version, kind, "client", 1, 1)
                text = self.settle(got[0], more="receipt:r\n")
                error = client.refused(text.replace(got[0]["ack"] or got[0]["message-id"], wrong))
                self.assertEqual(error["receipt-id"], "r")
                self.assertIn(wrong.encode(), error.body)

    def test_an_ack_needs_what_its_version_asks_for(self):
        wrong = {"1.0": ["ACK\nid:1\n\n", "NACK\nmessage-id:1\n\n"],
                 "1.1": ["ACK\nsubscription:s\n\n", "ACK\nmessage-id:1\n\n", "ACK\nmessage-id:1\nsubscription:x\n\n"],
                 "1.2": ["ACK\nmessage-id:1\nsubscription:s\n\n"]}
        for version, kind in self.everywhere():
            for frame in wrong[version]:
                self.client(version, kind).refused(frame)

    def test_in_1_1_the_subscription_and_the_message_must_belong_together(self):
        for version, kind in self.everywhere(["1.1"]):
            client, got = self.window(version, kind, "client", 1, 1)
            client.ask(f"SUBSCRIBE\nid:other\ndestination:{self.room}-other\nack:client\n\n")
            client.refused(self.settle(got[0]).replace("subscription:s", "subscription:other"))

    def test_in_1_2_a_subscription_header_means_nothing(self):
        for version, kind in self.everywhere(["1.2"]):
            client, got = self.window(version, kind, "client", 1, 3)
            client.write(self.settle(got[0], more="subscription:other\n"))
            self.assertEqual(self.bodies(client, 1), [1])

    def test_an_ack_on_an_auto_subscription_is_harmless(self):
        for version, kind in self.everywhere():
            client = self.client(version, kind)
            client.ask(self.subscription())
            client.write(self.send("x"))
            message = client.next("MESSAGE")
            name = "id" if version == "1.2" else "subscription:s\nmessage-id"
            client.ask(f"ACK\n{name}:{message['message-id']}\n\n")

    def test_unacknowledged_messages_come_again_in_a_new_session_only_if_it_asks_for_them(self):
        for version, kind in self.everywhere():
            client, _ = self.window(version, kind, "client", 2, 2)
            client.peer.socket.close()
            again = self.client(version, kind)
            again.ask(self.subscription(ack="client"))
            again.quiet()


class Transactions(ConformanceTest):
    def test_what_is_enrolled_takes_effect_at_commit_and_in_order(self):
        for version, kind in self.everywhere():
            client = self.client(version, kind)
            client.ask(self.subscription())
            client.ask("BEGIN\ntransaction:t\n\n")
            client.write(*[self.send(str(i), "transaction:t\n") for i in range(3)], self.send("outside"))
            self.assertEqual(client.next("MESSAGE").body, b"outside")
            client.quiet()
            client.write("COMMIT\ntransaction:t\nreceipt:c\n\n")
            got = [client.any() for _ in range(4)]
            self.assertEqual([one.body for one in got if one.command == "MESSAGE"], [b"0", b"1", b"2"])

    def test_what_is_aborted_never_takes_effect(self):
        for version, kind in self.everywhere():
            client = self.client(version, kind)
            client.ask(self.subscription())
            client.ask("BEGIN\ntransaction:t\n\n")
            client.ask(self.send("never", "transaction:t\n"))
            client.ask("ABORT\ntransaction:t\n\n")
            client.quiet()

    def test_a_commit_with_a_frame_that_is_refused_publishes_nothing(self):
        for version, kind in self.everywhere():
            watcher = self.client()
            watcher.ask(self.subscription())
            client = self.client(version, kind)
            client.ask("BEGIN\ntransaction:t\n\n")
            client.write(self.send("never", "transaction:t\n"), "SEND\ndestination:/queue/none\ntransaction:t\n\n")
            error = client.refused("COMMIT\ntransaction:t\nreceipt:c\n\n")
            self.assertEqual(error["receipt-id"], "c")
            watcher.quiet()

    def test_an_ack_in_a_transaction_counts_at_commit(self):
        for version, kind in self.everywhere():
            client = self.client(version, kind)
            client.ask(self.subscription(ack="client", more="prefetch-count:1\n"))
            client.write(self.send("0"), self.send("1"))
            message = client.next("MESSAGE")
            name = "id" if version == "1.2" else "subscription:s\nmessage-id"
            client.ask("BEGIN\ntransaction:t\n\n")
            client.ask(f"ACK\n{name}:{message['ack'] or message['message-id']}\ntransaction:t\n\n")
            client.quiet()
            client.write("COMMIT\ntransaction:t\n\n")
            self.assertEqual(client.next("MESSAGE").body, b"1")


if __name__ == "__main__":
    unittest.main()
