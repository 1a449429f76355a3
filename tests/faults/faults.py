# Boost Software License 1.0, see LICENSE
"""What can happen to a cluster. Each fault begins, lasts as long as its caller likes, and is healed by Stage.heal() and its own end.

A fault is a generator: what is before its `yield` breaks something, what is behind it repairs what Stage.heal() cannot."""
import contextlib
import dataclasses
import random
import shutil
import typing

from proxy import cut_all, silence_all


@dataclasses.dataclass
class Scene:
    stage: typing.Any
    recorder: typing.Any
    random: random.Random

    def node(self):
        """One of those that run."""
        return self.random.choice([each for each in self.stage.nodes if each.pid is not None])


@dataclasses.dataclass
class Fault:
    name: str
    what: str
    run: typing.Callable
    weight: int
    loses_keys: bool
    stops: str      # what nothing is confirmed without: "log", "keys", or nothing
    longest: float  # seconds in a long run
    pairs: bool     # whether something else may be broken meanwhile

    def stalls(self, stage):
        """Whether some senders get no RECEIPT while it lasts."""
        return self.stops == "keys" or self.stops == "log" and len(stage.brokers) < 3


FAULTS = {}


def fault(name, what, weight=3, loses_keys=False, stops="", longest=8.0, pairs=True):
    def register(run):
        FAULTS[name] = Fault(name, what, contextlib.contextmanager(run), weight, loses_keys, stops, longest, pairs)
        return run
    return register


# Nodes

@fault("node killed", "kill -9 of a node, which is started again later", weight=4)
def node_killed(scene):
    scene.node().kill()
    yield


@fault("node held", "SIGSTOP of a node, SIGCONT later; some are held for longer than a lease", weight=4, longest=15)
def node_held(scene):
    scene.node().hold()
    yield


@fault("node stopped", "SIGTERM of a node, which is started again later")
def node_stopped(scene):
    scene.node().stop()
    yield


@fault("rolling restart", "SIGTERM and start of one node after the other", weight=1, longest=1, pairs=False)
def rolling_restart(scene):
    for each in scene.stage.nodes:
        each.stop()
        each.start()
    yield


@fault("two nodes killed", "kill -9 of two nodes at once", weight=1)
def two_nodes_killed(scene):
    for each in scene.random.sample(scene.stage.nodes, min(2, len(scene.stage.nodes) - 1)):
        each.kill()
    yield


# Kafka

@fault("broker killed", "kill -9 of a Kafka broker, which is started again later", weight=2, stops="log")
def broker_killed(scene):
    scene.random.choice(scene.stage.brokers).kill()
    yield


@fault("broker held", "SIGSTOP of a Kafka broker, SIGCONT later", weight=2, stops="log", longest=12)
def broker_held(scene):
    scene.random.choice(scene.stage.brokers).hold()
    yield


@fault("node cut off from Kafka", "connections of one node to Kafka are reset, and refused")
def kafka_cut(scene):
    cut_all(scene.node().kafka_doors)
    yield


@fault("node deaf for Kafka", "nothing passes between one node and Kafka; what was under way arrives at the end", longest=15)
def kafka_silent(scene):
    silence_all(scene.node().kafka_doors)
    yield


# Redis

@fault("FLUSHALL", "Redis loses its data", weight=2, loses_keys=True, longest=1)
def redis_flushed(scene):
    scene.stage.redis.ask("FLUSHALL")
    yield


@fault("Redis killed", "kill -9 of Redis, started again later with its data", weight=2, stops="keys")
def redis_killed(scene):
    scene.stage.redis.kill()
    yield


@fault("Redis replaced", "kill -9 of Redis, started again later without data", weight=2, loses_keys=True, stops="keys")
def redis_replaced(scene):
    scene.stage.redis.kill()
    for folder in scene.stage.folder.glob("redis.aof*"):
        shutil.rmtree(folder) if folder.is_dir() else folder.unlink()
    for folder in scene.stage.folder.glob("appendonlydir*"):
        shutil.rmtree(folder)
    yield


@fault("Redis held", "SIGSTOP of Redis, SIGCONT later", weight=2, stops="keys")
def redis_held(scene):
    scene.stage.redis.hold()
    yield


@fault("Redis slow", "CLIENT PAUSE: Redis answers nobody for two seconds, again and again", weight=2, longest=1, stops="keys")
def redis_slow(scene):
    for _ in range(3):
        scene.stage.redis.ask("CLIENT", "PAUSE", "2000")
    yield


@fault("node cut off from Redis", "connections of one node to Redis are reset, and refused", longest=15, stops="keys")
def redis_cut(scene):
    scene.node().redis_door.cut()
    yield


@fault("node deaf for Redis", "nothing passes between one node and Redis; what was under way arrives at the end", longest=15, stops="keys")
def redis_silent(scene):
    scene.node().redis_door.silence()
    yield


# Clients

@fault("clients vanish", "every raw client loses its connection, senders in the middle of a SEND", weight=2, longest=0)
def clients_vanish(scene):
    scene.recorder.ask("vanish")
    yield


@fault("slow clients", "subscribers that read nothing for a while", longest=10)
def slow_clients(scene):
    scene.recorder.ask("hold")
    yield
    scene.recorder.ask("release")


@contextlib.contextmanager
def happen(name, scene):
    """The fault, from its begin to the end of its repair. The recorder knows when keys may be lost."""
    what = FAULTS[name]
    if what.loses_keys:
        scene.recorder.ask("keys-may-be-lost")
    with what.run(scene):
        yield
        scene.stage.heal()
    if what.loses_keys:
        scene.recorder.ask("keys-are-kept")
