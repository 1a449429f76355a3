# Boost Software License 1.0, see LICENSE
"""stompchat-server as a node of a cluster."""

import json
import os
import pathlib
import urllib.request

from . import ports
from .part import Part, PartError

# Enough for one machine; a real deployment begins with 256, because the number can never be changed.
PARTITIONS = 16
TAKEN = "Address already in use"
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Node(Part):
    kind = "node"
    patience = 60
    stop_patience = 20  # it waits itself for what is under way

    @property
    def url(self):
        return f"ws://{self.address}/ws"

    @property
    def http(self):
        return f"http://{self.address}"

    def ready(self):
        # Another program may answer at a port that was taken: only this one writes into this log.
        if f"listening {self.url}" not in self.said():
            return False
        try:
            with _direct.open(f"{self.http}/readyz", timeout=2) as answer:
                if answer.status != 200:
                    return False
            # A node that has just begun is patient with the broker; who waits for it wants to know that it has reached it.
            with _direct.open(f"{self.http}/nodes", timeout=2) as answer:
                return json.load(answer)["broker_ready"] is True
        except (OSError, ValueError, KeyError):
            return False


def check_program(program):
    """Says early what would be found out late."""
    path = pathlib.Path(program)
    if not path.is_file() or not os.access(path, os.X_OK):
        raise PartError(f"node-1 cannot be started: {program} is no program")
    return path.resolve()


def broker_url(brokers, partitions=PARTITIONS):
    return f"kafka://{','.join(each.address for each in brokers)}?partitions={partitions}"


def registry_url(server):
    return f"redis://{server.address}/0"


def group(folder, program, count, broker, registry, *, options=(), outlive=False, started=lambda part: None):
    """Starts nodes on one log and one registry, and waits until each is ready. Returns [Node]."""
    program = check_program(program)
    # Each may be the one whose page a browser has when it moves to another: all know all ports, as brokers do.
    for attempt in range(5):
        chosen = ports.choose(count)
        origins = [word for port in chosen for host in ("127.0.0.1", "localhost")
                   for word in ("--allow-origin", f"http://{host}:{port}")] if count > 1 else []
        nodes = [
            Node(f"node-{number}", folder,
                 [program, "--listen", f"127.0.0.1:{port}", "--node-id", f"node-{number}", "--auth", "demo", "--broker", broker,
                  "--registry", registry, *origins, *options], port, outlive=outlive)
            for number, port in enumerate(chosen, 1)]
        try:
            for node in nodes:
                node.launch()
                started(node)
            for node in nodes:
                node.wait_until_ready()
            return nodes
        except PartError:
            taken = any(TAKEN in node.said() for node in nodes)
            kill(nodes)
            if attempt == 4 or not taken:
                raise
        except BaseException:
            kill(nodes)
            raise
    raise AssertionError("not reached")


def kill(nodes):
    for node in nodes:
        node.kill()
