#!/usr/bin/env python3
"""Runs stompchat and the floor in turns under the same load, and reports what stompchat costs as a ratio to the floor.

Each run has a server process of its own. A ratio is taken from two runs right after each other, because everything else that the machine
does changes from minute to minute; the median of these ratios is reported.
"""

import argparse
import datetime
import json
import pathlib
import re
import statistics
import subprocess
import sys

from running import Server, judge, machine, progress, write_between

# What, the load, the figure that is compared, its unit, the target of the ratio.
RATIOS = [
    ("fan-out 1 → 1000, 100 octets, one at a time", ["fan-out", "--members", "1000"], "cpu_us_per_delivery", "delivery", 1.15),
    ("the same, 8 at once", ["fan-out", "--members", "1000", "--pending", "8"], "cpu_us_per_delivery", "delivery", 1.3),
    ("100 rooms of 10, 8 under way in each", ["saturated", "--rooms", "100", "--pending", "8"], "cpu_us_per_delivery", "delivery", 1.3),
    ("fan-out 1 → 1000, 4 KiB", ["fan-out", "--members", "1000", "--size", "4096"], "cpu_us_per_delivery", "delivery", 1.1),
    ("100 rooms of 10, 2000 messages/s", ["rooms", "--rooms", "100", "--rate", "2000"], "cpu_us_per_delivery", "delivery", 1.2),
    ("500 pairs, 4000 messages/s", ["rooms", "--rooms", "500", "--members", "2", "--rate", "4000"], "cpu_us_per_delivery", "delivery", 1.3),
    ("connect, subscribe, disconnect; 8 at once", ["churn", "--pending", "8"], "cpu_us_per_round", "round", 2.0),
]
BYSTANDER = ["bystander", "--clients", "9000", "--rate", "200"]
IDLE = ["idle", "--clients", "10000"]
SLOW = ["slow", "--members", "100", "--clients", "20", "--size", "4096", "--rate", "500"]
RECONNECT = ["reconnect", "--clients", "10000", "--rooms", "100", "--pending", "50"]
RESTLESS = ["restless", "--members", "300", "--clients", "50", "--rate", "100"]
# The most that a quick run uses of each; more than 256 subscribers, so that large rooms are what they are.
QUICK = {"--members": 300, "--rooms": 20, "--rate": 200, "--clients": 300}


class Bench:
    def __init__(self, programs, quick):
        self.programs = pathlib.Path(programs)
        self.quick = quick

    def shrink(self, load):
        result = load[:1]
        for name, value in zip(load[1::2], load[2::2]):
            result += [name, str(min(int(value), QUICK.get(name, int(value))))]
        return result

    def run(self, who, load, seconds, *options, first=False):
        """One scenario against a fresh server; `who` is floor or server."""
        load = (self.shrink(load) if self.quick else load) + ["--seconds", str(0.3 if self.quick else seconds)]
        with Server([str(self.programs / f"stompchat-bench-{who}"), *options], first) as server:
            command = [str(self.programs / "stompchat-bench"), "--port", server.port, "--pid", str(server.process.pid), *load]
            result = subprocess.run(command, stdout=subprocess.PIPE, text=True)
            if result.returncode != 0 or server.process.poll() is not None:
                sys.exit(f"{' '.join(load)} against {who} failed with {result.returncode}:\n{result.stdout}")
        return json.loads(result.stdout) | {"server": server.farewell}


def pairs(bench, repetitions, load, figure, first, second, seconds=2.0):
    """The figure of both sides, each a server and its options, and the ratio of the second to the first, over interleaved runs."""
    values = []
    for i in range(repetitions):
        sides = [(0, first), (1, second)]
        found = [0.0, 0.0]
        for at, (who, options) in sides if i % 2 == 0 else reversed(sides):
            found[at] = bench.run(who, load, seconds, *options)[figure]
        values.append(found)
    ratios = sorted(b / a for a, b in values)
    middle = [statistics.median(side) for side in zip(*values)]
    return middle, statistics.median(ratios), (ratios[len(ratios) // 4], ratios[(3 * len(ratios)) // 4])


def measure(bench, repetitions):
    rows = []
    for what, load, figure, unit, target in RATIOS:
        progress(what)
        middle, ratio, (low, high) = pairs(bench, repetitions, load, figure, ("floor", ()), ("server", ()))
        rows.append((what, f"{middle[0]:.2f} µs/{unit}", f"{middle[1]:.2f} µs/{unit}", f"**{ratio:.2f}** ({low:.2f} to {high:.2f})",
                     f"≤ {target}", judge(ratio, target)))

    progress("two shards")
    middle, ratio, (low, high) = pairs(bench, repetitions, RATIOS[2][1], "cpu_us_per_delivery", ("server", ("--shards", "1")),
                                       ("server", ("--shards", "2")))
    rows.append((RATIOS[2][0] + ": two shards against one", f"one: {middle[0]:.2f} µs/delivery", f"two: {middle[1]:.2f} µs/delivery",
                 f"**{ratio:.2f}** ({low:.2f} to {high:.2f})", "≤ 1.05", judge(ratio, 1.05)))

    progress("bystander")
    found = [bench.run("server", BYSTANDER, 3, first=not bench.quick) for _ in range(1 if bench.quick else 5)]
    quiet = statistics.median(one["quiet"]["latency_us"]["p99"] for one in found)
    busy = statistics.median(one["beside_fan_out"]["latency_us"]["p99"] for one in found)
    count = found[0]["subscribers"]
    rows.append((f"p99 of a pair beside a fan-out to {count}, against the pair alone", f"alone: {quiet / 1000:.2f} ms",
                 f"beside: {busy / 1000:.2f} ms", f"**{busy / quiet:.1f}**", "≤ 10", judge(busy / quiet, 10)))

    progress("idle")
    idle = bench.run("server", IDLE, 25)
    alone = bench.run("server", IDLE + ["--heart-beat", "0"], 1, "--without-registry")
    floor = bench.run("floor", IDLE + ["--heart-beat", "0"], 1)
    octets = "resident_octets_per_session"
    rows.append((f"{idle['sessions']} idle sessions, heart-beats on: memory", f"{floor[octets]:.0f} octets/session",
                 f"{idle[octets]:.0f} octets/session ({alone[octets]:.0f} without the registry's)", "", "≤ 1229 octets",
                 judge(idle[octets], 1229)))
    spent = idle["cpu_us_per_second_per_session"]
    rows.append(("the same: CPU, heart-beats each 25 s both ways", "", f"{spent:.2f} µs/s per session", "", "≤ 1 µs/s", judge(spent, 1)))

    progress("slow readers, guests")
    slow = bench.run("server", SLOW, 3)
    before, beside = (slow[part]["latency_us"]["p99"] / 1000 for part in ("all_reading", "some_not_reading"))
    rows.append(("p99 of 100 readers when 20 more do not read", f"all read: {before:.1f} ms",
                 f"20 do not: {beside:.1f} ms; these catch up later, nothing lost", "", "", ""))
    bench.run("server", RESTLESS, 3)

    progress("reconnect")
    for left, options in (("recent messages are there", ()), ("nothing is there", ("--linger", "0"))):
        back = bench.run("server", RECONNECT, 5, *options)
        reads, partitions = map(int, re.match(r"(\d+) reads of (\d+) partitions", back["server"]).groups())
        most = back["rooms"] + partitions
        if reads > most:
            sys.exit(f"{back['clients']} clients came back at the cost of {reads} reads of the log, more than {most}")
        rows.append((f"{back['clients']} clients of {back['rooms']} rooms back within 5 s, {back['replayed']} messages missed; {left}", "",
                     f"all recovered after {back['seconds_all_recovered']:.1f} s, {back['cpu_us'] / 1e6:.2f} s of CPU, {reads} reads of the log",
                     "", f"≤ {most} reads", judge(reads, most)))

    progress("one SEND")
    sends = []
    for _ in range(1 if bench.quick else 5):
        sends.append(json.loads(subprocess.run([str(bench.programs / "stompchat-bench-send")], stdout=subprocess.PIPE, check=True).stdout))
    parsed, logged, wired = (min(one[name] for one in sends) for name in ("parse_and_session_ns", "to_the_log_ns", "to_the_wire_ns"))
    rows.append((f"one SEND of {sends[0]['frame_octets']} octets, socket left out", "",
                 f"parsed and checked {parsed:.0f} ns, also logged and answered {logged:.0f} ns, also encoded and written {wired:.0f} ns", "",
                 "logged: ≤ 250 ns", judge(logged, 250)))
    return rows


def document(rows, repetitions):
    lines = [f"`scripts/bench` on {datetime.date.today()}, {repetitions} interleaved repetitions, {machine()}.", "",
             "| what | floor | stompchat | ratio (middle half) | target | reached |", "|---|---|---|---|---|---|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", required=True, help="where the programs were built, for example build/release/bench")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--document", type=pathlib.Path, help="file whose text between the markers is replaced by the table")
    parser.add_argument("--quick", action="store_true", help="seconds instead of minutes: shows that everything runs, measures nothing")
    arguments = parser.parse_args()
    repetitions = 1 if arguments.quick else arguments.repetitions
    table = document(measure(Bench(arguments.programs, arguments.quick), repetitions), repetitions)
    print(table)
    if arguments.document and not arguments.quick:
        write_between(arguments.document, "<!-- table: written by scripts/bench -->", "<!-- end of table -->", table)


main()
