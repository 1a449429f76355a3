# Boost Software License 1.0, see LICENSE
"""What a browser or a load balancer asks for."""
import http.client
import json
import re
import socket
import subprocess
import tempfile
import unittest

from server_process import PATIENCE, Running, ServerTest
from test_life import make_certificate


class Pages(ServerTest):
    @classmethod
    def setUpClass(cls):
        cls.server = Running("--listen", "127.0.0.1:0")
        cls.addClassCleanup(cls.server.kill)

    def ask(self, method, path, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port("ws"), timeout=PATIENCE)
        self.addCleanup(connection.close)
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return answer, answer.read()

    def test_the_page_and_all_that_it_refers_to_come_from_here(self):
        answer, body = self.ask("GET", "/")
        self.assertEqual(answer.status, 200, body)
        self.assertEqual(answer.getheader("Content-Type"), "text/html; charset=utf-8")
        self.assertEqual(answer.getheader("Cache-Control"), "no-cache")
        policy = answer.getheader("Content-Security-Policy")
        self.assertIn("default-src 'none'", policy)
        self.assertNotRegex(policy, r"unsafe|https?:|\*")
        self.assertEqual(answer.getheader("X-Content-Type-Options"), "nosniff")
        page = body.decode()
        self.assertNotRegex(page, r"https?://")
        references = set(re.findall(r'(?:src|href)="([^"#]+)"', page))
        self.assertGreaterEqual(len(references), 3)
        for path in references:
            with self.subTest(path=path):
                answer, body = self.ask("GET", path)
                self.assertEqual(answer.status, 200)
                self.assertTrue(body)
                kind = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml", "txt": "text/plain"}[path.rsplit(".", 1)[1]]
                self.assertIn(kind, answer.getheader("Content-Type"))
                if path.endswith((".js", ".css")):
                    self.assertIn("immutable", answer.getheader("Cache-Control"))

    def test_head_tells_the_same_without_a_body(self):
        full, body = self.ask("GET", "/?from=somewhere")
        head, nothing = self.ask("HEAD", "/?from=somewhere")
        self.assertEqual((head.status, nothing), (200, b""))
        self.assertEqual(head.getheader("Content-Length"), str(len(body)))
        self.assertEqual(head.getheader("Content-Type"), full.getheader("Content-Type"))

    def test_nodes_tells_who_there_is(self):
        known = None
        while not known:  # from the first heart-beat on
            answer, body = self.ask("GET", "/nodes?x=1")
            self.assertEqual((answer.status, answer.getheader("Content-Type")), (200, "application/json"))
            told = json.loads(body)
            known = told["nodes"]
        url = f"ws://127.0.0.1:{self.server.port('ws')}/ws"
        self.assertEqual((told["url"], told["current"]), (url, True))
        self.assertEqual([(one["node"], one["url"]) for one in known], [(told["node"], url)])
        self.assertEqual(answer.getheader("Cache-Control"), "no-store")

    def test_what_does_not_exist_is_404_in_plain_words(self):
        for path in ["/nothing", "/../etc/passwd", "/index.html/", "//", "/%2e%2e/"]:
            with self.subTest(path=path):
                answer, body = self.ask("GET", path)
                self.assertEqual(answer.status, 404)
                self.assertIn("text/plain", answer.getheader("Content-Type"))
                self.assertIn(b"/ws", body)

    def test_other_methods_are_405(self):
        for method in ["POST", "PUT", "DELETE"]:
            answer, _ = self.ask(method, "/")
            self.assertEqual(answer.status, 405, method)
            self.assertIn("GET", answer.getheader("Allow"))

    def test_health_and_readiness(self):
        for path in ["/healthz", "/readyz"]:
            answer, _ = self.ask("GET", path)
            self.assertEqual(answer.status, 200, path)

    def test_pages_of_other_sites_may_not_connect(self):
        port = self.server.port("ws")
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                   "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        for origin, status in [("https://evil.example", 403), (f"http://127.0.0.1:{port}", 101), (None, 101)]:
            with self.subTest(origin=origin):
                answer, _ = self.ask("GET", "/ws", {**upgrade, **({"Origin": origin} if origin else {})})
                self.assertEqual(answer.status, status)


class OtherSites(ServerTest):
    def test_allow_origin_lets_a_site_connect(self):
        with Running("--listen", "127.0.0.1:0", "--allow-origin", "https://chat.example.org") as server:
            for origin, status in [("https://chat.example.org", 101), ("https://evil.example", 403)]:
                with socket.create_connection(("127.0.0.1", server.port("ws")), timeout=PATIENCE) as client:
                    client.sendall((f"GET /ws HTTP/1.1\r\nHost: x\r\nOrigin: {origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode())
                    self.assertIn(f" {status} ", client.recv(4096).decode().split("\r\n", 1)[0])


class Tls(ServerTest):
    def test_the_page_over_tls_while_other_listeners_stay_plain(self):
        with tempfile.TemporaryDirectory() as folder:
            cert, key = make_certificate(folder)
            with Running("--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key,
                         listeners=2) as server:
                self.assertRegex(server.listening[1], r"^listening wss://127\.0\.0\.1:\d+/ws\n$")
                secure = f"https://127.0.0.1:{server.port('wss')}"
                plain = f"http://127.0.0.1:{server.port('ws')}"
                for url in [f"{secure}/", f"{secure}/readyz", f"{plain}/"]:
                    got = subprocess.run(["curl", "--silent", "--show-error", "--fail", "--noproxy", "*", "--cacert", cert, url],
                                         capture_output=True, text=True, timeout=PATIENCE)
                    self.assertEqual(got.returncode, 0, f"{url}: {got.stderr}")
                    self.assertTrue(got.stdout)
                untrusted = subprocess.run(["curl", "--silent", "--noproxy", "*", f"{secure}/"], capture_output=True, timeout=PATIENCE)
                self.assertEqual(untrusted.returncode, 60, "the certificate is checked")
                self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
