# Boost Software License 1.0, see LICENSE
"""The cluster that the faults happen to: real Kafka, real Redis, and nodes which reach both through doors of their own."""
import contextlib
import json
import os
import pathlib
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from launcher import kafka, node, ports, redis  # noqa: E402
from launcher.part import PartError  # noqa: E402

from proxy import Doors  # noqa: E402

# Seconds for anything to happen that must happen. Nothing is measured: a slow machine only waits.
PATIENCE = float(os.environ.get("FAULTS_PATIENCE", "180"))


class Stuck(AssertionError):
    """Something that must happen did not."""


def wait_until(condition, what, seconds=PATIENCE):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Stuck(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.05)


class Node(node.Node):
    """A node of the stage. `kafka_doors` are its ways to the brokers, `redis_door` is that to Redis."""

    kafka_doors = ()
    redis_door = None

    @property
    def stomp(self):
        return f"127.0.0.1:{self.details['stomp_port']}"

    def healthy(self):
        return self.pid is not None and self.ready()


class Stage:
    """A context manager; everything ends with it. `nodes` may be 1 with `brokers` 0: a node by itself, on its own memory.
    With `sentinels` there are a master, a replica and three sentinels, to whom there are no doors."""

    def __init__(self, server, nodes=3, brokers=1, options=(), sentinels=False):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stompchat-faults-"))
        self.keep = False
        self.doors = Doors()
        self.brokers, self.nodes, self.redis, self.guarded = [], [], None, {}
        try:
            self._start(pathlib.Path(server).resolve(), nodes, brokers, list(options), sentinels)
        except BaseException:
            self.keep = True
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, failure, *_):
        self.keep = self.keep or failure is not None
        self.close()

    def _start(self, server, count, brokers, options, sentinels):
        ways = [[self.doors.door() for _ in range(brokers)] for _ in range(count)]
        if sentinels:
            self.guarded = redis.guarded(self.folder)
        elif brokers:
            self.redis = redis.server(self.folder)
        if brokers:
            self.brokers = kafka.cluster(self.folder, brokers, doors=[[door.port for door in way] for way in ways])
        for number, way in enumerate(ways, 1):
            words = []
            redis_door = None
            if brokers:
                for broker, door in zip(self.brokers, way):
                    door.target = broker.details["doors"][number - 1]
                addresses = ",".join(f"127.0.0.1:{door.port}" for door in way)
                if sentinels:
                    where = ",".join(each.address for each in self.guarded["sentinels"])
                    registry = f"redis+sentinel://{where}/{redis.SENTINEL_NAME}"
                else:
                    redis_door = self.doors.door()
                    redis_door.target = self.redis.port
                    registry = f"redis://127.0.0.1:{redis_door.port}/0"
                words = ["--broker", f"kafka://{addresses}?partitions=6", "--registry", registry]
            port, stomp_port = ports.choose(2)
            made = Node(f"node-{number}", self.folder,
                        [server, "--listen", f"127.0.0.1:{port}", "--stomp-listen", f"127.0.0.1:{stomp_port}", "--node-id", f"node-{number}",
                         "--auth", "demo", "--threads", "2", *words, *options], port, stomp_port=stomp_port)
            made.kafka_doors, made.redis_door = way, redis_door
            made.launch()
            self.nodes.append(made)
        for each in self.nodes:
            each.wait_until_ready()

    def parts(self):
        return self.nodes + self.brokers + ([self.redis] if self.redis else [])

    def heal(self):
        """Everything is there again, and ready."""
        for each in self.parts():
            if each.pid is not None:
                each.go_on()
        for each in self.nodes:
            for door in (*each.kafka_doors, *([each.redis_door] if each.redis_door else [])):
                door.open()
        for each in (*([self.redis] if self.redis else []), *self.brokers, *self.nodes):
            if each.pid is None:
                each.launch()
        for each in self.parts():
            each.wait_until_ready(PATIENCE)

    def close(self):
        for each in self.parts():
            each.kill()
        for each in (*self.guarded.get("sentinels", ()), self.guarded.get("master"), self.guarded.get("replica")):
            if each:
                each.kill()
        self.doors.close()
        if self.keep:
            print(f"The logs are in {self.folder}", file=sys.stderr)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


class Recorder:
    """The clients, and the eye on them."""

    def __init__(self, program, stage, *options, rate=150, seed=1):
        self.log = open(stage.folder / "recorder.log", "ab")
        words = [str(program), "--run", uuid.uuid4().hex[:8], "--rate", str(rate), "--seed", str(seed), *options]
        for each in stage.nodes:
            words += ["--url", each.url, "--tcp", each.stomp]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.answers = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self._answer("the clients come")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        for each in (self.process.stdout, self.log):
            each.close()

    def _read(self):
        for line in self.process.stdout:
            self.answers.put(json.loads(line))
        self.answers.put({"answer": "ended"})

    def _answer(self, what, seconds=PATIENCE):
        try:
            got = self.answers.get(timeout=seconds)
        except queue.Empty:
            raise Stuck(f"{what}: no answer in {seconds:.0f} s") from None
        if got["answer"] in ("ended", "unknown command"):
            raise Stuck(f"{what}: {got}")
        return got

    def ask(self, command, seconds=PATIENCE):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self._answer(command, seconds)

    def go(self):
        self.ask("go")

    def wait_for(self, messages):
        """Until every sender has so many more receipts, and every subscriber so many more messages."""
        try:
            self.ask(f"await {messages}")
        except Stuck as stuck:
            raise Stuck(f"{stuck}; {self.give_up()}") from None

    def counts(self):
        return self.ask("progress")

    def finish(self):
        """The report, when everything that was under way has arrived."""
        try:
            return self.ask("finish")
        except Stuck:
            return self.give_up()

    def give_up(self):
        self.process.stdin.write("give-up\n")
        self.process.stdin.flush()
        got = self._answer("give-up", 20)
        # What was asked before may have been answered at the last moment.
        while got["answer"] != "report":
            got = self._answer("give-up", 20)
        return got


__all__ = ["PATIENCE", "Node", "PartError", "Recorder", "Stage", "Stuck", "wait_until"]
