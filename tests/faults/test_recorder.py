# Boost Software License 1.0, see LICENSE
"""The recorder against one node, where nothing fails but its clients; and that it finds what is done to one of them on purpose."""
import unittest

from stage import wait_until
from support import FaultTest, assert_right


class Recording(FaultTest):
    how = {"nodes": 1, "brokers": 0, "options": ["--no-progress", "1s", "--max-body", "16KiB", "--output-queue", "64KiB"]}

    def test_what_is_right_is_found_right(self):
        with self.recorder(rate=1000) as recorder:
            recorder.go()
            recorder.wait_for(100)
            report = recorder.finish()
            self.assertEqual(recorder.process.wait(), 0)
        assert_right(report)
        self.assertGreater(report["receipted_deliveries"], 1000)
        self.assertEqual(report["redelivered"], 0)

    def injected(self, what):
        with self.recorder("--inject", what, rate=1000) as recorder:
            recorder.go()
            recorder.wait_for(150)
            report = recorder.finish()
            self.assertEqual(recorder.process.wait(), 1)
        return {name: report[name] for name in ("lost", "duplicated", "reordered", "forged", "told")}

    def test_a_message_that_is_left_out_is_found(self):
        self.assertEqual(self.injected("lost"), {"lost": 1, "duplicated": 0, "reordered": 0, "forged": 0, "told": 0})

    def test_a_message_that_comes_twice_is_found(self):
        self.assertEqual(self.injected("duplicated"), {"lost": 0, "duplicated": 1, "reordered": 0, "forged": 0, "told": 0})

    def test_two_messages_the_other_way_round_are_found(self):
        self.assertEqual(self.injected("reordered"), {"lost": 0, "duplicated": 0, "reordered": 1, "forged": 0, "told": 0})

    def test_clients_that_vanish_in_the_middle_of_a_send_lose_nothing_and_repeat_nothing(self):
        with self.recorder(rate=1000) as recorder:
            recorder.go()
            for _ in range(5):
                recorder.wait_for(20)
                recorder.ask("vanish")
            recorder.wait_for(20)
            report = recorder.finish()
        assert_right(report)
        self.assertGreater(report["redelivered"], 0)

    def test_who_reads_nothing_is_cut_off_and_comes_back_without_loss_and_others_go_on(self):
        with self.recorder("--filler", "2000", "--slow", "1000000", rate=2000) as recorder:
            recorder.go()
            recorder.wait_for(20)
            recorder.ask("hold")
            recorder.wait_for(100)
            # What the sockets hold is the system's affair: until they are full.
            wait_until(lambda: recorder.counts()["up"] < recorder.counts()["clients"], "the client that reads nothing is cut off")
            recorder.ask("release")
            recorder.wait_for(20)
            assert_right(recorder.finish())


if __name__ == "__main__":
    unittest.main()
