# Boost Software License 1.0, see LICENSE
"""Runs stompchat-server for black-box tests. TEST_SERVER is the program."""
import os
import queue
import signal
import socket
import ssl
import subprocess
import threading
import unittest

SERVER = os.environ["TEST_SERVER"]
PATIENCE = 20  # seconds


def environment(extra=None):
    """The environment without options of whoever runs the tests."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("STOMPCHAT_")}
    return {**own, **(extra or {})}


def run(*args, env=None):
    """Runs the program to its end. Returns (exit code, stdout, stderr)."""
    done = subprocess.run([SERVER, *args], capture_output=True, text=True, timeout=PATIENCE, env=environment(env))
    return done.returncode, done.stdout, done.stderr


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_certificate(folder, name="cert"):
    """A self-signed certificate for 127.0.0.1: the names of two PEM files, certificate and key."""
    cert, key = f"{folder}/{name}.pem", f"{folder}/{name}-key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=stompchat test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    return cert, key


class Running:
    """A started server; a context manager that leaves nothing behind."""

    def __init__(self, *args, listeners=1, env=None):
        self.process = subprocess.Popen(
            [SERVER, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(env))
        self.lines = queue.Queue()
        self.log = []
        self._logged = threading.Condition()
        self._readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self.lines.put), daemon=True),
            threading.Thread(target=self._read, args=(self.process.stderr, self._log), daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        try:
            self.listening = [self.lines.get(timeout=PATIENCE) for _ in range(listeners)]
        except queue.Empty:
            self.kill()
            raise AssertionError("the server did not start: " + "".join(self.log)) from None

    @staticmethod
    def _read(stream, put):
        for line in stream:
            put(line)

    def _log(self, line):
        with self._logged:
            self.log.append(line)
            self._logged.notify_all()

    def wait_for_log(self, part):
        """Until a line with that part has been logged."""
        with self._logged:
            if not self._logged.wait_for(lambda: any(part in line for line in self.log), timeout=PATIENCE):
                raise AssertionError(f"{part!r} is not in the log: " + "".join(self.log))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def url(self, scheme):
        found = [line.split()[1] for line in self.listening if line.startswith(f"listening {scheme}://")]
        assert found, f"no {scheme} in {self.listening}"
        return found[0]

    def port(self, scheme):
        return int(self.url(scheme).split("://")[1].split("/")[0].rsplit(":", 1)[1])

    def stop(self, how=signal.SIGTERM):
        """Sends a signal and waits. Returns the exit code."""
        self.process.send_signal(how)
        return self.wait()

    def pause(self):
        """Nothing moves in it until resume(), and its connections stay: the server that hangs."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def wait(self):
        code = self.process.wait(timeout=PATIENCE)
        for reader in self._readers:
            reader.join(timeout=PATIENCE)
        return code

    def rest_of_stdout(self):
        """After the end: what was written behind the lines that were waited for."""
        return list(self.lines.queue)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        for stream in (self.process.stdout, self.process.stderr):
            stream.close()


class Stomp:
    """A STOMP connection over TCP or TLS, octet by octet."""

    def __init__(self, port, tls=False):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        if tls:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)
        self.input = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, text):
        self.socket.sendall(text.encode())

    def frame(self):
        """The next frame: its command."""
        return self.whole_frame().split("\n", 1)[0]

    def body(self):
        """The body of the next frame, which is a MESSAGE."""
        head, _, body = self.whole_frame().partition("\n\n")
        assert head.startswith("MESSAGE\n"), head
        return body

    def whole_frame(self):
        while b"\0" not in self.input:
            more = self.socket.recv(65536)
            if not more:
                raise AssertionError("the server closed the connection")
            self.input += more
        octets, _, self.input = self.input.partition(b"\0")
        return octets.decode().lstrip("\n")

    def connect(self, login=""):
        self.send(f"CONNECT\naccept-version:1.2\n{f'login:{login}' + chr(10) if login else ''}\n\0")
        assert self.frame() == "CONNECTED"


class ServerTest(unittest.TestCase):
    def assert_fails(self, code, args, *wanted, env=None):
        """It ends with that code, says one line on stderr with all of `wanted` in it, and nothing on stdout."""
        got, out, err = run(*args, env=env)
        self.assertEqual(got, code, err)
        self.assertEqual(out, "")
        self.assertEqual(err.count("\n"), 1, err)
        self.assertTrue(err.startswith("stompchat-server: "), err)
        for text in wanted:
            self.assertIn(text, err)
