#!/usr/bin/env python3
"""Measures what a message costs on its way through a real Kafka, beside what Kafka alone costs in the same minutes.

One broker is started for it (acks=all, idempotent, one replica, 16 partitions) and serves everything. `Kafka alone` is a program that writes
records of the same size at the same rate with librdkafka and the same settings, and reads them back. The median of the runs is reported.
"""

import argparse
import datetime
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scripts"))
from launcher import kafka  # noqa: E402
from launcher.part import PartError  # noqa: E402
from running import Server, judge, machine, progress, write_between  # noqa: E402

PARTITIONS = 16
# What, messages a second, messages in one write.
LATENCY = [("100 messages/s", 100, 1), ("1,000 messages/s", 1000, 1)]
COST = [("1,000 messages/s, one at a time", 1000, 1, None), ("10,000 messages/s, 16 in one write", 10000, 16, 5.0)]
ROOMS = 100


class Bench:
    def __init__(self, programs, broker, quick):
        self.programs = pathlib.Path(programs)
        self.broker = broker
        self.quick = quick
        self.topics = 0

    def load(self, rate, pending):
        return ["--size", "100", "--rate", str(min(rate, 1000) if self.quick else rate), "--pending", str(pending),
                "--seconds", str(0.5 if self.quick else 5)]

    def topic(self):
        self.topics += 1
        return f"bench-{self.topics}"

    def node(self, topic=None):
        """A node on a topic, or on its own memory."""
        url = ["--broker", f"kafka://{self.broker}/{topic}?partitions={PARTITIONS}&replicas=1"] if topic else []
        return Server([str(self.programs / "stompchat-bench-server"), *url])

    def drive(self, publishing, delivering, load):
        return self.ask("stompchat-bench", "--port", publishing.port, "--pid", str(publishing.process.pid), "--to-port", delivering.port,
                        "--to-pid", str(delivering.process.pid), "across", "--rooms", str(ROOMS), "--members", "1", *load)

    def ask(self, program, *arguments):
        result = subprocess.run([str(self.programs / program), *arguments], stdout=subprocess.PIPE, text=True)
        if result.returncode != 0:
            sys.exit(f"{program} {' '.join(arguments)} failed with {result.returncode}:\n{result.stdout}")
        return json.loads(result.stdout)

    def alone(self, load):
        return self.ask("stompchat-bench-librdkafka", "--brokers", self.broker, "--topic", self.topic(), "--partitions", str(PARTITIONS), *load)

    def across(self, load):
        topic = self.topic()
        with self.node(topic) as here, self.node(topic) as there:
            return self.drive(here, there, load)

    def one_node(self, load, topic=None):
        with self.node(topic) as node:
            return self.drive(node, node, load)


def median(runs, *path):
    def value(run):
        for name in path:
            run = run[name]
        return run
    return statistics.median(map(value, runs))


def own_threads(run):
    return run["cpu_us_per_message"] - run["cpu_us_per_message_of_librdkafka"]


def measure(bench, repetitions):
    rows = []
    for what, rate, pending in LATENCY:
        progress(f"latency, {what}")
        alone, across = [], []
        for i in range(repetitions):
            runs = [lambda: alone.append(bench.alone(bench.load(rate, pending))), lambda: across.append(bench.across(bench.load(rate, pending)))]
            for run in runs if i % 2 == 0 else reversed(runs):
                run()
        for name in ("p50", "p99"):
            kafka_ms, node_ms = (median(runs, "latency_us", name) / 1000 for runs in (alone, across))
            rows.append((f"SEND on one node to MESSAGE on another, {what}: {name}", f"{kafka_ms:.2f} ms", f"{node_ms:.2f} ms",
                         f"{node_ms - kafka_ms:+.2f} ms", "", ""))
    for what, rate, pending, target in COST:
        progress(f"processor time, {what}")
        alone, memory, through = [], [], []
        for i in range(repetitions):
            load = bench.load(rate, pending)
            runs = [lambda: alone.append(bench.alone(load)), lambda: memory.append(bench.one_node(load)),
                    lambda: through.append(bench.one_node(load, bench.topic()))]
            for run in runs if i % 2 == 0 else reversed(runs):
                run()
        library, client = (median(alone, f"cpu_us_per_message{of}") for of in ("_of_librdkafka", ""))
        node, inside, own = (statistics.median(map(figure, runs)) for figure, runs in
                             ((own_threads, through), (lambda one: one["cpu_us_per_message_of_librdkafka"], through), (own_threads, memory)))
        share = statistics.median(own_threads(one) - own_threads(other) for one, other in zip(through, memory))
        rows.append((f"CPU of a node for each message, {what}: its own threads", f"{client - library:.1f} µs",
                     f"{node:.1f} µs; with the log in memory {own:.1f} µs", f"{share:.1f} µs", f"≤ {target:g} µs" if target else "",
                     judge(share, target) if target else ""))
        rows.append(("the same: librdkafka's threads", f"{library:.1f} µs", f"{inside:.1f} µs", f"{inside - library:+.1f} µs", "", ""))
    return rows


def document(rows, repetitions):
    lines = [f"`scripts/bench --cluster` on {datetime.date.today()}, {repetitions} repetitions in turns, {machine()}.", "",
             "| what | Kafka alone | stompchat | difference | target | reached |", "|---|---|---|---|---|---|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", required=True, help="where the programs were built, for example build/bench/bench")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--document", type=pathlib.Path, help="file whose text between the markers is replaced by the table")
    parser.add_argument("--quick", action="store_true", help="shows that everything runs, measures nothing")
    arguments = parser.parse_args()
    repetitions = 1 if arguments.quick else arguments.repetitions
    with tempfile.TemporaryDirectory(prefix="stompchat-bench-") as folder:
        parts = []
        try:
            brokers = kafka.cluster(pathlib.Path(folder), 1, started=parts.append)
            table = document(measure(Bench(arguments.programs, brokers[0].address, arguments.quick), repetitions), repetitions)
        except PartError as problem:
            sys.exit(str(problem))
        finally:
            for part in parts:
                part.kill()
    print(table)
    if arguments.document and not arguments.quick:
        write_between(arguments.document, "<!-- cluster table: written by scripts/bench --cluster -->", "<!-- end of cluster table -->", table)


main()
