#!/usr/bin/env python3
# Boost Software License 1.0, see LICENSE
"""Looks like stompchat-server from outside, for tests of what starts nodes: it listens, and is ready when the file ready-NODE is not there
with "no" in it. A file refuse-NODE makes it end at once, with that text."""

import http.server
import pathlib
import signal
import sys

options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
name = options["--node-id"]
assert options["--broker"].startswith("kafka://") and options["--registry"].startswith("redis://")


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        held = pathlib.Path(f"ready-{name}")
        self.send_response(503 if held.exists() and held.read_text() == "no" else 200)
        self.end_headers()
        if self.path == "/nodes":
            self.wfile.write(b'{"broker_ready":true}')

    def log_message(self, *_):
        pass


refusal = pathlib.Path(f"refuse-{name}")
if refusal.exists():
    sys.exit(f"stompchat-server: {refusal.read_text()}")
host, port = options["--listen"].split(":")
try:
    server = http.server.ThreadingHTTPServer((host, int(port)), Answers)
except OSError:
    sys.exit(f"stompchat-server: --listen: {host}:{port}: Address already in use")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print(f"listening ws://{host}:{port}/ws", flush=True)
server.serve_forever()
