# Boost Software License 1.0, see LICENSE
"""The server on a real Kafka: what it does when that is not the log it was told of."""
import http.client
import os
import time
import unittest
import uuid

from server_process import PATIENCE, Running, ServerTest, run


def ready(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    finally:
        connection.close()


class Kafka(ServerTest):
    def test_a_log_with_another_number_of_partitions_ends_it_with_1(self):
        log = f"kafka://{os.environ['TEST_KAFKA']}/refused-{uuid.uuid4().hex}?replicas=1&partitions="
        with Running("--listen", "127.0.0.1:0", "--broker", log + "2") as server:
            deadline = time.monotonic() + PATIENCE
            while not ready(server.port("ws")):
                self.assertLess(time.monotonic(), deadline, "".join(server.log))
                time.sleep(0.05)
            self.assertEqual(server.stop(), 0)
        code, _, err = run("--listen", "127.0.0.1:0", "--broker", log + "3")
        self.assertEqual(code, 1, err)
        last = err.splitlines()[-1]
        self.assertTrue(last.startswith("stompchat-server: the broker refuses to serve: "), err)
        self.assertIn("has 2 partitions, and 3 are configured", last)


if __name__ == "__main__":
    unittest.main()
