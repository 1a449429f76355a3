# Boost Software License 1.0, see LICENSE
"""What the tests of this folder share."""
import os
import random
import sys
import unittest

from faults import FAULTS, Scene, happen
from stage import Recorder, Stage, wait_until

SERVER = os.environ["TEST_SERVER"]
RECORDER = os.environ["TEST_RECORDER"]
WINDOW = 32  # SENDs of one sender without an answer: then it waits
WRONG = ("lost", "duplicated", "reordered", "gaps", "told", "misnamed", "forged")


def describe(report):
    lines = [f"{name}: {report[name]}" for name in (*WRONG, "repeated", "late", "unknown", "redelivered", "receipted", "receipted_deliveries")]
    return "\n".join([*lines, *report.get("findings", [])])


def assert_right(report):
    """The report of a run in which nothing went wrong, and all of which has ended."""
    assert report["complete"], "not everything arrived:\n" + describe(report)
    assert not any(report[name] for name in WRONG), describe(report)
    assert report["unknown"] == 0, describe(report)


class FaultTest(unittest.TestCase):
    """One stage for each class, new clients for each test."""

    how = {}

    @classmethod
    def setUpClass(cls):
        cls.stage = Stage(SERVER, **cls.how)

    @classmethod
    def tearDownClass(cls):
        cls.stage.close()

    def run(self, result=None):
        before = len(result.failures) + len(result.errors) if result else 0
        super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            type(self).stage.keep = True

    def recorder(self, *options, **more):
        return Recorder(RECORDER, self.stage, *options, **more)

    def fault(self, name, messages=20):
        """Clients are there before, while and after it happens; what goes on meanwhile does."""
        with self.recorder() as recorder:
            scene = Scene(self.stage, recorder, random.Random(name))
            recorder.go()
            recorder.wait_for(messages)
            with happen(name, scene):
                print(f"{name} has begun", file=sys.stderr, flush=True)
                if FAULTS[name].stalls(self.stage):
                    wait_until(lambda: recorder.counts()["unanswered"] >= WINDOW, f"{name}: SENDs wait")
                else:
                    recorder.wait_for(messages)
            print(f"{name} has ended", file=sys.stderr, flush=True)
            recorder.wait_for(messages)
            report = recorder.finish()
        assert_right(report)
        return report
