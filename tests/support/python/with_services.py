#!/usr/bin/env python3
# Boost Software License 1.0, see LICENSE
"""Runs a command beside real Kafka, Redis and nodes: with_services.py [--brokers N] [--redis] [--redis-tls] [--sentinel]
    [--nodes N --server PATH] -- COMMAND...

They are started for it in a folder of their own, on free ports, and end with it. The command finds in its environment
    TEST_KAFKA          127.0.0.1:port, with several brokers separated by commas, and TEST_KAFKA_PIDS likewise
    TEST_REDIS          127.0.0.1:port, and TEST_REDIS_PID
    TEST_REDIS_TLS      127.0.0.1:port, with the certificate of its authority in the file TEST_REDIS_CA
    TEST_SENTINEL       the addresses of three sentinels, who call the master that they guard TEST_SENTINEL_NAME; a replica stands by
    TEST_NODES          the WebSocket addresses of nodes on that log and that registry, separated by commas; PATH is their stompchat-server
    TEST_SERVICES       an address that takes one line for each connection, "VERB ID", and answers "ok", or what is wrong: the verbs are
                        start, stop, kill, hold (SIGSTOP) and go_on; the ids kafka-1..., node-1..., redis, redis-tls,
                        redis-master, redis-replica, sentinel-1...; "wait kafka" returns when all running brokers know each other
    TEST_SERVICES_LOGS  the folder with their logs
Its exit code is the command's. With --keep the folder is kept, and named at the end.
"""

import argparse
import ctypes
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "scripts"))
from launcher import kafka, node, redis  # noqa: E402
from launcher.part import PartError  # noqa: E402

VERBS = ("start", "stop", "kill", "hold", "go_on")


def start(asked, folder, parts, env):
    """Starts what is asked for, adds it to `parts`, and says in `env` where it is."""
    add = lambda part: parts.__setitem__(part.id, part)
    if asked.redis:
        server = redis.server(folder, started=add)
        env |= {"TEST_REDIS": server.address, "TEST_REDIS_PID": str(server.pid)}
    if asked.redis_tls:
        server = redis.server(folder, "redis-tls", tls=True, started=add)
        env |= {"TEST_REDIS_TLS": server.address, "TEST_REDIS_CA": server.details["ca"]}
    if asked.sentinel:
        group = redis.guarded(folder)
        for part in (group["master"], group["replica"], *group["sentinels"]):
            add(part)
        env |= {"TEST_SENTINEL": ",".join(each.address for each in group["sentinels"]), "TEST_SENTINEL_NAME": redis.SENTINEL_NAME}
    if asked.brokers:
        brokers = kafka.cluster(folder, asked.brokers, started=add)
        env |= {"TEST_KAFKA": ",".join(each.address for each in brokers), "TEST_KAFKA_PIDS": ",".join(str(each.pid) for each in brokers)}
    if asked.nodes:
        nodes = node.group(folder, asked.server, asked.nodes, node.broker_url(brokers), node.registry_url(parts["redis"]), started=add)
        env["TEST_NODES"] = ",".join(each.url for each in nodes)


def obey(line, parts):
    """Does what a line asks for. Returns the answer."""
    verb, _, id = line.strip().partition(" ")
    try:
        if (verb, id) == ("wait", "kafka"):
            kafka.wait_for_all([part for part in parts.values() if part.kind == "kafka"])
        elif verb not in VERBS or id not in parts:
            return f"nothing is known of '{line.strip()}'"
        elif verb != "start" and parts[id].pid is None:
            return f"{id} is down"
        else:
            getattr(parts[id], verb)()
    except PartError as error:
        return str(error)
    return "ok"


def answer(connection, parts):
    with connection:
        try:
            line = connection.makefile("r", encoding="utf-8").readline()
            connection.sendall((obey(line, parts) + "\n").encode())
        except OSError:
            pass  # who asked does not wait for the answer


def run(command, parts, env):
    """Runs the command and obeys meanwhile. Everything is in one thread, since parts end with the one that starts them."""
    libc = ctypes.CDLL(None)
    with socket.create_server(("127.0.0.1", 0)) as control:
        env["TEST_SERVICES"] = "127.0.0.1:%d" % control.getsockname()[1]
        try:
            child = subprocess.Popen(command, env={**os.environ, **env}, preexec_fn=lambda: libc.prctl(1, signal.SIGKILL))
        except OSError as error:
            raise PartError(f"{command[0]}: {error.strerror}") from None
        ended = os.pidfd_open(child.pid)
        while True:
            readable, _, _ = select.select([ended, control], [], [])
            if ended in readable:
                return child.wait()
            connection, _ = control.accept()
            answer(connection, parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brokers", type=int, choices=(1, 3))
    for name in ("--redis", "--redis-tls", "--sentinel", "--keep"):
        parser.add_argument(name, action="store_true")
    parser.add_argument("--nodes", type=int)
    parser.add_argument("--server")
    parser.add_argument("command", nargs="+")
    asked = parser.parse_args()
    if asked.nodes and not (asked.server and asked.brokers and asked.redis):
        parser.error("--nodes needs --server, --brokers and --redis")

    # The clean-up happens however a test is ended, except by SIGKILL, and then only the folder is left.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="stompchat-services-"))
    parts = {}
    try:
        env = {"TEST_SERVICES_LOGS": str(folder)}
        start(asked, folder, parts, env)
        code = run(asked.command, parts, env)
        return 128 - code if code < 0 else code
    except PartError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        for part in parts.values():
            part.kill()
        if asked.keep:
            print(f"The logs are in {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
