# Boost Software License 1.0, see LICENSE
"""A cluster on this machine: real Kafka, real Redis, and nodes to chat through.

  scripts/cluster up [--nodes 3] [--brokers 1|3] [--server PATH]
                          builds what is missing, starts everything and prints the addresses; options behind -- go to the nodes
  scripts/cluster status [--json]
                          what there is, and which of it is down
  scripts/cluster start ID | stop ID | kill ID
                          one part: node-1, kafka-1, redis, ... It keeps its port and its data. kill is a crash, stop is in order
  scripts/cluster down    ends all of it; what was said is gone, the logs of the parts stay in the folder .cluster

The exit code is 0 when all is done and ready; else 1, with a line that names the part that is not.
"""

import argparse
import json
import pathlib
import signal
import subprocess
import sys

from .cluster import Cluster, PartError

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILT = ROOT / "build/demo/examples/server/stompchat-server"  # as scripts/demo builds it


def prepare(build):
    """Installs what the cluster needs, and builds the server when it is to be ours."""
    steps = "scripts/deps cluster" + (" && build_server" if build else "")
    done = subprocess.run(["bash", "-c", f"set -euo pipefail; . scripts/lib.sh; {steps}"], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    if done.returncode != 0:
        raise PartError("node-1 cannot be started: building it failed, see above" if build else "redis, kafka-1: packages are missing, see above")


def up(cluster, asked):
    with cluster.lock():
        if cluster.exists():
            raise PartError("there is a cluster already; scripts/cluster down ends it")
        prepare(build=asked.server is None)
        cluster.up(asked.server or BUILT, asked.nodes, asked.brokers, asked.options)
        print_status(cluster)
        first, *others = [each["http"] for each in cluster.status()["nodes"]]
        where = f"{first} and {others[0]}, each in a browser window" if others else f"{first} in two browser windows"
        print(f"\nOpen {where}, and chat. scripts/cluster kill node-1 is a crash, scripts/cluster down ends all.")


def down(cluster, asked):
    with cluster.lock():
        if cluster.load():
            cluster.down()
        else:
            print("There is no cluster.")


def status(cluster, asked):
    find(cluster)
    if asked.json:
        print(json.dumps(cluster.status()))
    else:
        print_status(cluster)


def start(cluster, asked):
    with cluster.lock():
        find(cluster, asked.id)
        cluster.start(asked.id)
    cluster.wait(asked.id)


def stop(cluster, asked):
    with cluster.lock():
        find(cluster, asked.id)
        cluster.parts[asked.id].stop()


def kill(cluster, asked):
    with cluster.lock():
        find(cluster, asked.id)
        cluster.parts[asked.id].kill()


def find(cluster, id=None):
    if not cluster.load():
        raise PartError("there is no cluster; scripts/cluster up starts one")
    if id is not None and id not in cluster.parts:
        raise PartError(f"there is no {id}; the parts are {', '.join(cluster.parts)}")


def print_status(cluster):
    for part in sorted(cluster.parts.values(), key=lambda part: ("node", "kafka", "redis").index(part.kind)):
        state = "down" if part.pid is None else f"pid {part.pid}"
        address = f"{part.http}  {part.url}" if part.kind == "node" else part.address
        print(f"{part.id:<9} {state:<12} {address}")


def arguments(words):
    parser = argparse.ArgumentParser(prog="scripts/cluster", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default=ROOT / ".cluster", help="where it keeps its state; another folder is another cluster")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="up|status|start|stop|kill|down")
    one = verbs.add_parser("up")
    one.add_argument("--nodes", type=int, default=3, choices=range(1, 33), metavar="1..32")
    one.add_argument("--brokers", type=int, default=1, choices=(1, 3))
    one.add_argument("--server", metavar="PATH", help="a stompchat-server that is built already")
    one.add_argument("options", nargs="*", help="options of the nodes, behind --")
    verbs.add_parser("down")
    verbs.add_parser("status").add_argument("--json", action="store_true")
    for verb in ("start", "stop", "kill"):
        verbs.add_parser(verb).add_argument("id", metavar="ID")
    return parser.parse_args(words)


def main():
    asked = arguments(sys.argv[1:])
    # So that what was started is ended.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        globals()[asked.verb](Cluster(asked.folder), asked)
        return 0
    except PartError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
