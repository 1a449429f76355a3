# Boost Software License 1.0, see LICENSE
"""Starting, listening and stopping."""
import re
import signal
import socket
import tempfile
import time
import unittest

from server_process import PATIENCE, Running, ServerTest, Stomp, free_port, make_certificate


class Start(ServerTest):
    def test_stdout_has_one_line_per_listener_and_stderr_one_clear_line(self):
        with Running("--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--stomp-listen", "127.0.0.1:0", listeners=3) as server:
            self.assertRegex(server.listening[0], r"^listening ws://127\.0\.0\.1:\d+/ws\n$")
            self.assertRegex(server.listening[1], r"^listening ws://127\.0\.0\.1:\d+/ws\n$")
            self.assertRegex(server.listening[2], r"^listening tcp://127\.0\.0\.1:\d+\n$")
            self.assertNotIn(":0/", server.listening[0])
            self.assertNotEqual(server.listening[0], server.listening[1])
            self.assertEqual(server.stop(), 0)
            self.assertEqual(server.rest_of_stdout(), [])
            log = "".join(server.log)
            self.assertEqual(log.count("started"), 1, log)
            self.assertEqual(log.count("stopping"), 1, log)
            self.assertEqual(log.count("stopped"), 1, log)
            for line in server.log:
                self.assertRegex(line, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d (info|warning) +\S")

    def test_ipv6(self):
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError:
            self.skipTest("this machine has no IPv6")
        with Running("--listen", "[::1]:0") as server:
            port = re.fullmatch(r"listening ws://\[::1\]:(\d+)/ws\n", server.listening[0])[1]
            socket.create_connection(("::1", int(port)), timeout=PATIENCE).close()

    def test_stomp_over_tcp_and_over_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            cert, key = make_certificate(folder)
            with Running("--listen", "none", "--stomp-listen", "127.0.0.1:0", "--stomp-tls-listen", "127.0.0.1:0", "--tls-cert", cert,
                         "--tls-key", key, listeners=2) as server:
                self.assertRegex(server.listening[1], r"^listening tls://127\.0\.0\.1:\d+\n$")
                for scheme in ["tcp", "tls"]:
                    with Stomp(server.port(scheme), tls=scheme == "tls") as client:
                        client.connect()
                        client.send("SUBSCRIBE\nid:1\ndestination:/topic/x\nreceipt:r\n\n\0")
                        self.assertEqual(client.frame(), "RECEIPT")
                        client.send("SEND\ndestination:/topic/x\n\nhello\0")
                        self.assertEqual(client.frame(), "MESSAGE")
                self.assertEqual(server.stop(), 0)

    def test_a_port_in_use_is_told_and_ends_it_with_1(self):
        with Running("--listen", "127.0.0.1:0", "--threads", "2") as first:
            address = f"127.0.0.1:{first.port('ws')}"
            for option in ["--listen", "--stomp-listen"]:
                listen = [] if option == "--listen" else ["--listen", "127.0.0.1:0"]
                self.assert_fails(1, [*listen, option, address, "--log-level", "error"], f"{option}: ", address, "in use")

    def test_an_address_that_this_machine_does_not_have_is_told(self):
        self.assert_fails(1, ["--listen", "192.0.2.1:0", "--allow-insecure", "--log-level", "error"], "--listen: ", "192.0.2.1")

    def test_certificate_files_that_are_no_use_are_told(self):
        with tempfile.TemporaryDirectory() as folder:
            cert, key = make_certificate(folder)
            _, other_key = make_certificate(folder, "other")
            listen = ["--tls-listen", "127.0.0.1:0"]
            self.assert_fails(1, [*listen, "--tls-cert", f"{folder}/no.pem", "--tls-key", key], "--tls-cert: ", "no.pem", "No such file")
            self.assert_fails(1, [*listen, "--tls-cert", cert, "--tls-key", f"{folder}/no.pem"], "no.pem", "No such file")
            self.assert_fails(2, [*listen, "--tls-cert", key, "--tls-key", key], "--tls-cert: ")
            self.assert_fails(2, [*listen, "--tls-cert", cert, "--tls-key", cert], "--tls-key: ")
            self.assert_fails(2, [*listen, "--tls-cert", cert, "--tls-key", other_key], "--tls-key: ")

    def test_the_default_is_port_8080_of_this_machine(self):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", 8080))
            except OSError:
                self.skipTest("port 8080 is taken on this machine")
        with Running() as server:
            self.assertEqual(server.listening[0], "listening ws://127.0.0.1:8080/ws\n")


class Slow(ServerTest):
    def test_a_client_may_send_much_before_it_reads_anything(self):
        for _ in range(10):
            with Running("--listen", "none", "--stomp-listen", "127.0.0.1:0") as server:
                with Stomp(server.port("tcp")) as client:
                    client.connect()
                    client.send("SUBSCRIBE\nid:1\ndestination:/topic/x\n\n\0")
                    for _ in range(100):
                        client.send(f"SEND\ndestination:/topic/x\n\n{'x' * 200_000}\0")
                    self.assertEqual(client.frame(), "MESSAGE")


class Stop(ServerTest):
    def test_sigterm_and_sigint_stop_it_with_0(self):
        for how in [signal.SIGTERM, signal.SIGINT]:
            for threads in ["1", "3"]:
                with self.subTest(how=how, threads=threads):
                    with Running("--listen", "127.0.0.1:0", "--threads", threads) as server:
                        self.assertEqual(server.stop(how), 0)

    def test_clients_are_told_good_bye_and_the_port_is_free_afterwards(self):
        port = free_port()
        for _ in range(2):
            with Running("--listen", "none", "--stomp-listen", f"127.0.0.1:{port}") as server:
                with Stomp(server.port("tcp")) as client:
                    client.connect()
                    begin = time.monotonic()
                    self.assertEqual(server.stop(), 0)
                    self.assertLess(time.monotonic() - begin, 8)
                    with self.assertRaises(AssertionError):
                        while True:
                            client.frame()

    def test_a_second_signal_ends_it_at_once(self):
        with Running("--listen", "none", "--stomp-listen", "127.0.0.1:0", "--stop-timeout", "60s") as server:
            # A client that takes nothing of what is queued for it keeps the first stop busy for a while.
            with Stomp(server.port("tcp")) as client:
                client.connect()
                client.send("SUBSCRIBE\nid:1\ndestination:/topic/x\n\n\0")
                for _ in range(100):
                    client.send(f"SEND\ndestination:/topic/x\n\n{'x' * 200_000}\0")
                server.process.send_signal(signal.SIGTERM)
                while not any("stopping" in line for line in server.log):
                    time.sleep(0.01)
                begin = time.monotonic()
                server.process.send_signal(signal.SIGTERM)
                self.assertEqual(server.wait(), -signal.SIGTERM)
                self.assertLess(time.monotonic() - begin, 1)
                self.assertFalse(any("stopped" in line for line in server.log))


if __name__ == "__main__":
    unittest.main()
