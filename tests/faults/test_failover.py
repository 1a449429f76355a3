# Boost Software License 1.0, see LICENSE
"""Redis fails over to its replica, which may be behind, under a cluster of three nodes."""
import unittest

from stage import wait_until
from support import FaultTest, assert_right


class FailOver(FaultTest):
    how = {"nodes": 3, "brokers": 1, "sentinels": True, "options": ["--lease", "2s", "--broker-patience", "2s"]}

    def test_a_fail_over_of_redis_loses_and_repeats_nothing_but_what_was_under_way(self):
        with self.recorder() as recorder:
            recorder.go()
            recorder.wait_for(20)
            recorder.ask("keys-may-be-lost")
            self.stage.guarded["master"].kill()
            wait_until(lambda: "role:master" in self.stage.guarded["replica"].ask("INFO", "replication", lines=10), "the replica takes over")
            recorder.wait_for(20)
            recorder.ask("keys-are-kept")
            recorder.wait_for(20)
            report = recorder.finish()
        assert_right(report)


if __name__ == "__main__":
    unittest.main()
