# Boost Software License 1.0, see LICENSE
"""Presence of the server as it is started: on for every room, with the time of grace that the options say."""
import json
import os
import tempfile
import unittest

from server_process import Running, ServerTest, Stomp

NAME = 'ann "the \\ first" \u00e9\u2028\x01'


class Presence(ServerTest):
    def watch(self, client):
        client.connect("watcher")
        client.send("SUBSCRIBE\nid:w\ndestination:/presence/x\nreceipt:r\n\n\0")
        self.assertEqual(client.frame(), "RECEIPT")
        return json.loads(client.body())

    def join(self, client, login):
        client.connect(login)
        client.send("SUBSCRIBE\nid:1\ndestination:/topic/x\nreceipt:r\n\n\0")
        self.assertEqual(client.frame(), "RECEIPT")

    def expect(self, client, **wanted):
        told = json.loads(client.body())
        self.assertGreater(told.pop("version"), 0)
        self.assertEqual(told, wanted)

    def see_a_short_grace(self, *args):
        with Running("--listen", "none", "--stomp-listen", "127.0.0.1:0", *args) as server:
            port = server.port("tcp")
            with Stomp(port) as watcher:
                self.assertEqual(self.watch(watcher)["users"], [])
                with Stomp(port) as lost:
                    self.join(lost, NAME)
                    self.expect(watcher, type="join", user=NAME, count=1)
                self.expect(watcher, type="leave", user=NAME, count=0)

    def test_a_lost_connection_is_told_after_the_grace_of_a_flag(self):
        self.see_a_short_grace("--presence-grace", "20ms")

    def test_a_lost_connection_is_told_after_the_grace_of_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "server.toml")
            with open(path, "w", encoding="utf-8") as file:
                file.write('presence-grace = "20ms"\n')
            self.see_a_short_grace("--config", path)

    def test_who_is_back_within_the_grace_never_left(self):
        with Running("--listen", "none", "--stomp-listen", "127.0.0.1:0", "--presence-grace", "10m") as server:
            port = server.port("tcp")
            with Stomp(port) as watcher, Stomp(port) as back, Stomp(port) as other:
                self.watch(watcher)
                with Stomp(port) as lost:
                    self.join(lost, "ann")
                    self.expect(watcher, type="join", user="ann", count=1)
                self.join(back, "ann")
                self.join(other, "bob")
                self.expect(watcher, type="join", user="bob", count=2)

    def test_a_rule_turns_it_off(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "server.toml")
            with open(path, "w", encoding="utf-8") as file:
                file.write('[[destination]]\npattern = "/topic/quiet"\npresence = false\n')
            with Running("--listen", "none", "--stomp-listen", "127.0.0.1:0", "--config", path) as server:
                with Stomp(server.port("tcp")) as client:
                    client.connect()
                    client.send("SUBSCRIBE\nid:w\ndestination:/presence/quiet\n\n\0")
                    self.assertEqual(client.frame(), "ERROR")


if __name__ == "__main__":
    unittest.main()
