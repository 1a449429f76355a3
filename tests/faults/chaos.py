# Boost Software License 1.0, see LICENSE
"""Breaks a cluster for a long time, at random, and counts what was lost: scripts/chaos --minutes N --seed S.

Prints a table of what happened, and of what the clients saw. The exit code is 1 when something that was confirmed was lost, came twice or in
another order, or when something did not come back; 2 when the cluster cannot be started."""
import argparse
import collections
import contextlib
import pathlib
import random
import sys
import time

from faults import FAULTS, Scene, happen
from stage import PartError, Recorder, Stage, Stuck

WRONG = {
    "lost": "lost",
    "duplicated": "duplicated",
    "reordered": "reordered",
    "gaps": "gaps told",
    "misnamed": "RECEIPTs that name another message",
    "forged": "messages that nobody sent",
    "unknown": "SENDs whose outcome the client never learnt",
}
APART = {
    "repeated": "SENDs that were repeated without a key, or across a loss of the keys, and stand twice",
    "redelivered": "redelivered to durable subscriptions",
}


def say(start, text):
    print(f"{time.monotonic() - start:7.1f} s  {text}", flush=True)


def draw(rng, chosen, single):
    """One fault, or now and then a second one that begins before the first has ended."""
    one = rng.choices(chosen, [each.weight for each in chosen])[0]
    others = [each for each in chosen if each.pairs and each is not one]
    if not single and one.pairs and others and rng.random() < 0.25:
        return [one, rng.choices(others, [each.weight for each in others])[0]]
    return [one]


def break_things(asked, scene, injected):
    """Faults, one after the other or two at a time, until the time is over and enough was delivered."""
    start = time.monotonic()
    recorder, rng = scene.recorder, scene.random
    chosen = [FAULTS[name] for name in asked.only] if asked.only else list(FAULTS.values())
    recorder.go()
    recorder.wait_for(20)
    while time.monotonic() - start < 60 * asked.minutes or recorder.counts()["receipted_deliveries"] < asked.deliveries:
        faults = draw(rng, chosen, asked.single)
        with contextlib.ExitStack() as all_of_them:
            for fault in faults:
                seconds = rng.uniform(0, fault.longest)
                say(start, f"{fault.name} for {seconds:.1f} s")
                injected[fault.name] += 1
                all_of_them.enter_context(happen(fault.name, scene))
                time.sleep(seconds)
        # Whoever was hit must come back: each sender and each subscriber.
        recorder.wait_for(rng.randrange(5, 40))
        counts = recorder.counts()
        say(start, f"{counts['receipted_deliveries']} receipted deliveries")
        bad = {text: counts[name] for name, text in WRONG.items() if counts[name]}
        if bad:
            say(start, f"WRONG: {bad}")
            return


def table(asked, injected, report, seconds):
    lines = [f"{asked.nodes} nodes, {asked.brokers} Kafka broker{'s' if asked.brokers > 1 else ''}, seed {asked.seed}, {seconds / 60:.1f} minutes", "",
             "| fault | times |", "|---|---|"]
    lines += [f"| {name} | {injected[name]} |" for name in FAULTS if injected[name]]
    lines += [f"| all | {sum(injected.values())} |", "", "| | |", "|---|---|"]
    for name, text in {"sent": "SENDs", "receipted": "SENDs receipted", "receipted_deliveries": "receipted deliveries", **WRONG}.items():
        lines.append(f"| {text} | {report[name]} |")
    lines += [f"| apart: {text} | {report[name]} |" for name, text in APART.items()]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__.split("\n\n")[0],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=None, help="the same seed, the same faults; random when not given, and printed")
    parser.add_argument("--deliveries", type=int, default=0, help="go on until so many were delivered, however long it takes")
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=1)
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--rate", type=int, default=150, help="messages a second, all senders together")
    parser.add_argument("--single", action="store_true", help="never two faults at once")
    parser.add_argument("--only", action="append", choices=tuple(FAULTS), help="this fault, repeatable; all when not given")
    parser.add_argument("--server", required=True, type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--recorder", required=True, type=pathlib.Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.seed is None:
        asked.seed = random.SystemRandom().randrange(1_000_000)

    injected = collections.Counter()
    start = time.monotonic()
    try:
        with Stage(asked.server, nodes=asked.nodes, brokers=asked.brokers) as stage:
            with Recorder(asked.recorder, stage, rate=asked.rate, seed=asked.seed) as recorder:
                stuck = None
                try:
                    break_things(asked, Scene(stage, recorder, random.Random(asked.seed)), injected)
                    report = recorder.finish()
                except (Stuck, PartError) as failure:
                    stuck = failure
                    report = recorder.give_up()
                print("\n" + table(asked, injected, report, time.monotonic() - start))
                for finding in report["findings"]:
                    print(finding)
                right = stuck is None and report["complete"] and not any(report[name] for name in WRONG)
                if stuck or not report["complete"]:
                    print(f"Not everything came back: {stuck or 'the last messages'}")
                stage.keep = not right
        return 0 if right else 1
    except (PartError, Stuck) as failure:
        print(failure, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
