# Boost Software License 1.0, see LICENSE
"""A server that was built where there was no npm."""
import unittest
import urllib.error
import urllib.request

from server_process import PATIENCE, Running, ServerTest


class WithoutPage(ServerTest):
    def test_it_serves_and_says_what_is_missing(self):
        with Running("--listen", "127.0.0.1:0") as server:
            base = server.url("ws").replace("ws:", "http:").replace("/ws", "")
            with self.assertRaises(urllib.error.HTTPError) as page:
                urllib.request.urlopen(f"{base}/", timeout=PATIENCE)
            self.assertEqual(page.exception.code, 503)
            text = page.exception.read().decode()
            self.assertIn('There was no "npm" here.', text)
            self.assertIn("apt-get install nodejs npm", text)
            with urllib.request.urlopen(f"{base}/readyz", timeout=PATIENCE) as ready:
                self.assertEqual(ready.status, 200)
            self.assertEqual(server.stop(), 0)
            self.assertTrue(any("no demo page" in line for line in server.log), server.log)


if __name__ == "__main__":
    unittest.main()
