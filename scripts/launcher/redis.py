# Boost Software License 1.0, see LICENSE
"""Real redis-servers: one, with or without TLS, or a master with a replica and three sentinels."""

import itertools
import pathlib
import socket
import ssl
import subprocess

from . import ports
from .part import Part, PartError, wait_for

TAKEN = "Address already in use"


class Redis(Part):
    kind = "redis"
    patience = 20

    def ready(self):
        # A password keeps us out, which says as well that it serves.
        return self.listens() and self.ask("PING").startswith(("+PONG", "-NOAUTH", "-MASTERDOWN"))

    def ask(self, *words, lines=0, seconds=2.0):
        """Sends a command and returns the first line of the answer, "" when there is none; with `lines`, that many at most, as a list."""
        request = f"*{len(words)}\r\n" + "".join(f"${len(str(word).encode())}\r\n{word}\r\n" for word in words)
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as plain:
                with self._wrap(plain) as connection, connection.makefile("rb") as answer:
                    connection.sendall(request.encode())
                    if not lines:
                        return answer.readline().decode(errors="replace").strip()
                    connection.sendall(b"*1\r\n$4\r\nPING\r\n")  # whose answer is the end
                    return [line.decode(errors="replace").strip() for line in itertools.islice(iter(answer.readline, b"+PONG\r\n"), lines)]
        except OSError:
            return [] if lines else ""

    def _wrap(self, connection):
        if "ca" not in self.details:
            return connection
        context = ssl.create_default_context(cafile=self.details["ca"])
        return context.wrap_socket(connection, server_hostname="localhost")


def server(folder, id="redis", *, options=(), tls=False, port=None, outlive=False, started=lambda part: None):
    """Starts one and returns it when it serves. It keeps its data over a kill. `options` are redis-server's: ["--requirepass", "secret"]."""
    folder = pathlib.Path(folder).resolve()
    for attempt in range(5):
        chosen = port or ports.choose()[0]
        details = {}
        words = ["redis-server", "--bind", "127.0.0.1", "--dir", ".", "--dbfilename", f"{id}.rdb", "--save", "",
                 "--appendonly", "yes", "--appenddirname", f"{id}.aof"]
        if tls:
            folder.mkdir(parents=True, exist_ok=True)
            cert, key = certificate(folder, id)
            details["ca"] = str(cert)
            words += ["--port", "0", "--tls-port", chosen, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert,
                      "--tls-auth-clients", "no"]
        else:
            words += ["--port", chosen]
        part = Redis(id, folder, [*words, *options], chosen, outlive=outlive, **details)
        if _started(part, started, retry=port is None and attempt < 4):
            return part
    raise AssertionError("not reached")


def certificate(folder, name):
    """A self-signed certificate for loopback, its own authority: two PEM files, certificate and key."""
    cert, key = folder / f"{name}-cert.pem", folder / f"{name}-key.pem"
    if not cert.exists():
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", str(key), "-out", str(cert)],
            check=True, capture_output=True)
    return cert, key


SENTINEL_NAME = "chat"


def guarded(folder, sentinels=3, *, outlive=False):
    """A master, a replica and sentinels that fail over within some seconds: {"master": Redis, "replica": Redis, "sentinels": [Redis]}."""
    folder = pathlib.Path(folder).resolve()
    started = []
    try:
        master = server(folder, "redis-master", outlive=outlive, options=["--repl-diskless-sync-delay", "0"])
        started.append(master)
        replica = server(folder, "redis-replica", outlive=outlive,
                         options=["--repl-diskless-sync-delay", "0", "--replicaof", "127.0.0.1", master.port])
        started.append(replica)
        watchers = []
        for number in range(1, sentinels + 1):
            watchers.append(_sentinel(folder, number, master, sentinels // 2 + 1, outlive))
            started.append(watchers[-1])
        wait_for(lambda: all(watcher.knows_all(sentinels) for watcher in watchers), 30, "sentinel-1 has not seen the others")
    except BaseException:
        for part in started:
            part.kill()
        raise
    return {"master": master, "replica": replica, "sentinels": watchers}


class Sentinel(Redis):
    kind = "sentinel"

    def knows_all(self, sentinels):
        """Whether it could fail over: it has seen the replica and the other sentinels."""
        answer = self.ask("SENTINEL", "MASTER", SENTINEL_NAME, lines=200)
        seen = dict(zip(answer[2::4], answer[4::4]))
        return seen.get("num-slaves") == "1" and seen.get("num-other-sentinels") == str(sentinels - 1) and \
            self.ask("SENTINEL", "CKQUORUM", SENTINEL_NAME).startswith("+OK")


def _sentinel(folder, number, master, quorum, outlive):
    for attempt in range(5):
        port = ports.choose()[0]
        id = f"sentinel-{number}"
        file = folder / f"{id}.conf"  # it writes into it what it learns
        file.write_text(
            f"port {port}\nbind 127.0.0.1\ndir {folder}\nsentinel monitor {SENTINEL_NAME} 127.0.0.1 {master.port} {quorum}\n"
            f"sentinel down-after-milliseconds {SENTINEL_NAME} 1000\nsentinel failover-timeout {SENTINEL_NAME} 3000\n")
        part = Sentinel(id, folder, ["redis-server", file, "--sentinel"], port, outlive=outlive)
        if _started(part, lambda part: None, retry=attempt < 4):
            return part
    raise AssertionError("not reached")


def _started(part, started, retry):
    """False when somebody was quicker to use the port, which another attempt is allowed to find better."""
    try:
        part.launch()
        started(part)
        part.wait_until_ready()
        return True
    except PartError:
        part.kill()
        if retry and TAKEN in part.said():
            return False
        raise
    except BaseException:
        part.kill()
        raise
