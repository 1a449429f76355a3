# Boost Software License 1.0, see LICENSE
"""--registry with a real Redis (TEST_REDIS): what is refused at the start, what is waited for, and that no password is shown."""
import os
import socket
import unittest

from server_process import Running, ServerTest, free_port, run

REDIS = os.environ["TEST_REDIS"]


def ask(*words):
    """Sends a command to the Redis. Returns the first line of the answer."""
    host, port = REDIS.split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(f"*{len(words)}\r\n".encode() + b"".join(b"$%d\r\n%s\r\n" % (len(w.encode()), w.encode()) for w in words))
        return connection.makefile("rb").readline().decode().strip()


class Registry(ServerTest):
    def started_with(self, url, part):
        """Starts a server, waits for a part of a line of its log, and returns the whole log."""
        with Running("--listen", "127.0.0.1:0", "--registry", url) as server:
            server.wait_for_log(part)
            self.assertEqual(server.stop(), 0)
            return "".join(server.log)

    def test_a_node_connects_and_says_to_whom(self):
        log = self.started_with(f"redis://{REDIS}/1", "redis: connected to " + REDIS)
        self.assertIn(f"registry redis://{REDIS}/1,", log)

    def test_a_redis_that_is_not_there_is_waited_for(self):
        log = self.started_with(f"redis://127.0.0.1:{free_port()}", "started")
        self.assertIn("cannot connect", log)

    def test_what_waiting_does_not_mend_is_refused_at_the_start(self):
        self.assertEqual(ask("ACL", "SETUSER", "chat", "reset", "on", ">right", "~*", "&*", "+@all"), "+OK")
        for url, wanted in [
            (f"redis://chat:hunter2@{REDIS}", "WRONGPASS"),
            (f"redis://{REDIS}/99", "DB index"),
            (f"rediss://{REDIS}?ca=/nothing/here.pem", "/nothing/here.pem"),
        ]:
            with self.subTest(url=url):
                code, out, err = run("--listen", "127.0.0.1:0", "--registry", url)
                self.assertEqual((code, out), (1, ""))
                self.assertTrue(err.startswith("stompchat-server: --registry: "), err)
                self.assertIn(wanted, err)
                self.assertNotIn("hunter2", err)

    def test_no_password_is_shown(self):
        self.assertEqual(ask("ACL", "SETUSER", "chat", "reset", "on", ">hunter2", "~*", "&*", "+@all"), "+OK")
        self.assertNotIn("hunter2", self.started_with(f"redis://chat:hunter2@{REDIS}/1", "redis: connected to"))
        for arguments in [["--registry", "redis://u:hunter2@h:x"], ["--registry", "redis://u:hunter2"], ["redis://u:hunter2@h"],
                          ["--registri=redis://u:hunter2@h"], ["--registry", "http://u:hunter2@h"]]:
            with self.subTest(arguments=arguments):
                code, _, err = run(*arguments)
                self.assertEqual(code, 2)
                self.assertNotIn("hunter2", err)


if __name__ == "__main__":
    unittest.main()
