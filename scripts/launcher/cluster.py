# Boost Software License 1.0, see LICENSE
"""The cluster of scripts/cluster: what it consists of is in a file of its folder, so that each command finds it again."""

import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import signal
import time

from . import kafka, node, process, redis
from .part import PartError

KINDS = {kind.kind: kind for kind in (kafka.Kafka, redis.Redis, node.Node)}
STATE = "state.json"


class Cluster:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.parts = {}

    # The file

    def exists(self):
        return (self.folder / STATE).exists()

    def load(self):
        """False when there is no cluster."""
        try:
            saved = json.loads((self.folder / STATE).read_text())
        except FileNotFoundError:
            return False
        self.parts = {}
        for one in saved["parts"]:
            part = KINDS[one["kind"]](one["id"], self.folder, one["argv"], one["port"], outlive=True, **one["details"])
            if one["pid"] is not None:
                part.process = process.Process(one["pid"], one["started"])
            self.parts[part.id] = part
        return True

    def save(self):
        parts = [
            {"id": part.id, "kind": part.kind, "argv": part.argv, "port": part.port, "details": part.details,
             "pid": part.process.pid if part.process else None, "started": part.process.started if part.process else None}
            for part in self.parts.values()]
        new = self.folder / (STATE + ".new")
        new.write_text(json.dumps({"parts": parts}, indent=1) + "\n")
        os.replace(new, self.folder / STATE)

    @contextlib.contextmanager
    def lock(self):
        """One command at a time. It is not held while a part gets ready."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / "lock", "w", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def add(self, part):
        """A part was launched, or launched again with another port."""
        self.parts[part.id] = part
        self.save()

    # What can be done with it

    def up(self, program, nodes, brokers, options=()):
        self._clear()
        self.save()
        try:
            node.check_program(program)
            server = redis.server(self.folder, outlive=True, started=self.add)
            log = kafka.cluster(self.folder, brokers, outlive=True, started=self.add)
            node.group(self.folder, program, nodes, node.broker_url(log), node.registry_url(server), options=options, outlive=True,
                       started=self.add)
        except BaseException:
            for part in self.parts.values():
                part.kill()
            self._drop_data()
            (self.folder / STATE).unlink()
            raise

    def down(self):
        """Ends all parts; the nodes in order, and the others, whose data is thrown away, at once."""
        of = lambda kind: [part for part in self.parts.values() if part.kind == kind]
        end_together(of("node"), node.Node.stop_patience)
        for part in of("kafka") + of("redis"):
            part.kill()
        self._drop_data()
        (self.folder / STATE).unlink()

    def start(self, id):
        """Launches a part. Its `wait_until_ready` may follow; see wait()."""
        part = self.parts[id]
        if part.pid is None:
            part.launch()
            self.save()

    def wait(self, id):
        part = self.parts[id]
        brokers = [each for each in self.parts.values() if each.kind == "kafka"]
        if part.kind != "kafka" or 2 * sum(each.pid is not None for each in brokers) > len(brokers):
            return part.wait_until_ready()
        # Too few for a majority: it is ready to serve with the next one.
        part.ready = part.controller_listens
        return part.wait_until_ready()

    def status(self):
        """As `status --json` prints it."""
        of = lambda kind: [part for part in self.parts.values() if part.kind == kind]
        server = of("redis")
        return {
            "nodes": [{"id": part.id, "pid": part.pid, "url": part.url, "http": part.http} for part in of("node")],
            "kafka": [{"id": part.id, "pid": part.pid, "address": part.address} for part in of("kafka")],
            "redis": {"pid": server[0].pid, "address": server[0].address} if server else None,
        }

    def _clear(self):
        for entry in self.folder.iterdir():
            if entry.name != "lock":
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def _drop_data(self):
        """The logs stay until the next cluster."""
        for entry in self.folder.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)


def end_together(parts, seconds):
    deadline = time.monotonic() + seconds
    asked = [part for part in parts if part.process and part.process.send(signal.SIGTERM)]
    for part in asked:
        part.process.send(signal.SIGCONT)
    for part in asked:
        if not part.process.wait(max(0, deadline - time.monotonic())):
            part.kill()


__all__ = ["Cluster", "PartError"]
