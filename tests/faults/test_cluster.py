# Boost Software License 1.0, see LICENSE
"""Each fault by itself, in a cluster of three nodes. TEST_BROKERS is the number of Kafka brokers, FAULTS_ALL=1 takes all faults."""
import os
import unittest

from faults import FAULTS
from support import FaultTest

BROKERS = int(os.environ.get("TEST_BROKERS", "1"))
# What a test run has time for.
SHORT = {
    1: ("node killed", "node held", "rolling restart", "broker killed", "node cut off from Kafka", "node deaf for Kafka", "FLUSHALL",
        "Redis killed", "Redis replaced", "Redis held", "node deaf for Redis", "clients vanish"),
    3: ("broker killed", "broker held"),
}


class Cluster(FaultTest):
    # Short ones, so that what they decide happens while a fault lasts.
    how = {"nodes": 3, "brokers": BROKERS, "options": ["--lease", "2s", "--broker-patience", "2s"]}


def add(name):
    def test(self):
        self.fault(name)
    test.__doc__ = FAULTS[name].what
    setattr(Cluster, "test_" + name.lower().replace(" ", "_"), test)


for each in FAULTS if os.environ.get("FAULTS_ALL") else SHORT[BROKERS]:
    add(each)

if __name__ == "__main__":
    unittest.main()
