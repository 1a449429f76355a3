# Boost Software License 1.0, see LICENSE
"""scripts/cluster as its user sees it, with real Kafka and Redis. The nodes are fake ones: what is tested is the command, not the server."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from launcher import process, redis  # noqa: E402

FAKE = pathlib.Path(__file__).resolve().parent / "fake_node.py"
PATIENCE = 150


class Folder:
    """A cluster of its own, beside the one that whoever runs the tests may have."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="stompchat-cluster-"))

    def run(self, *words):
        """(exit code, stdout, stderr)"""
        done = subprocess.run([ROOT / "scripts/cluster", "--folder", self.path, *words], capture_output=True, text=True, timeout=PATIENCE)
        return done.returncode, done.stdout, done.stderr

    def up(self, *words, server=FAKE):
        return self.run("up", "--server", server, *words)

    def status(self):
        code, out, err = self.run("status", "--json")
        assert (code, err) == (0, ""), err
        return json.loads(out)

    def parts(self):
        status = self.status()
        return {**{one["id"]: one for one in status["nodes"] + status["kafka"]}, "redis": status["redis"]}

    def redis(self, *words):
        port = int(self.status()["redis"]["address"].partition(":")[2])
        return redis.Redis("asking", self.path, [], port).ask(*words)

    def close(self):
        self.run("down")
        shutil.rmtree(self.path)


def runs(pid):
    return process.Process(pid, process.start_time(pid)).alive()


class ClusterTest(unittest.TestCase):
    def done(self, answer):
        self.assertEqual((answer[0], answer[2]), (0, ""))
        return answer[1]

    def refused(self, answer, *words):
        """Exit code 1, nothing but one line, and these words in it."""
        code, out, err = answer
        self.assertEqual((code, out, err.count("\n")), (1, "", 1), err)
        for word in words:
            self.assertIn(word, err)


class WithCluster(ClusterTest):
    @classmethod
    def setUpClass(cls):
        cls.here = Folder()
        cls.addClassCleanup(cls.here.close)
        cls.answer = cls.here.up("--nodes", "2")
        if cls.answer[0] != 0:
            raise AssertionError(cls.answer)

    def tearDown(self):
        for id, part in self.here.parts().items():
            if part["pid"] is None:
                self.done(self.here.run("start", id))

    def test_up_prints_the_addresses_of_all_parts(self):
        for part in self.here.parts().values():
            self.assertIn(part.get("url") or part["address"], self.answer[1])

    def test_status_has_exactly_what_others_rely_on(self):
        status = self.here.status()
        self.assertEqual(list(status), ["nodes", "kafka", "redis"])
        self.assertEqual([one["id"] for one in status["nodes"]], ["node-1", "node-2"])
        self.assertEqual([one["id"] for one in status["kafka"]], ["kafka-1"])
        for one in status["nodes"]:
            self.assertEqual(sorted(one), ["http", "id", "pid", "url"])
            self.assertEqual(one["url"], one["http"].replace("http:", "ws:") + "/ws")
            self.assertTrue(runs(one["pid"]))
        for one in status["kafka"]:
            self.assertEqual(sorted(one), ["address", "id", "pid"])
        self.assertEqual(sorted(status["redis"]), ["address", "pid"])
        addresses = [one["http"] for one in status["nodes"]] + [one["address"] for one in [*status["kafka"], status["redis"]]]
        self.assertEqual(len(set(addresses)), 4)

    def test_a_second_up_is_refused_and_changes_nothing(self):
        before = self.here.status()
        self.refused(self.here.up("--nodes", "2"), "there is a cluster already")
        self.assertEqual(self.here.status(), before)

    def test_a_part_that_was_killed_is_listed_without_pid_and_comes_back_where_it_was(self):
        self.assertEqual(self.here.redis("SET", "kept", "yes"), "+OK")
        before = self.here.parts()
        for id in before:
            with self.subTest(id):
                self.done(self.here.run("kill", id))
                self.assertFalse(runs(before[id]["pid"]), "kill returns when the part has ended")
                self.assertEqual(self.here.parts(), {**before, id: {**before[id], "pid": None}})
                self.done(self.here.run("start", id))
                pid = self.here.parts()[id]["pid"]
                self.assertTrue(runs(pid))
                before[id] = {**before[id], "pid": pid}
                self.assertEqual(self.here.parts(), before)
        self.assertEqual(self.here.redis("EXISTS", "kept"), ":1", "data outlives a kill")

    def test_stop_ends_a_part_in_order(self):
        for id in ("node-2", "redis"):
            pid = self.here.parts()[id]["pid"]
            self.done(self.here.run("stop", id))
            self.assertFalse(runs(pid))
            self.assertIsNone(self.here.parts()[id]["pid"])
        self.assertIn("User requested shutdown", (self.here.path / "redis.log").read_text())

    def test_a_part_that_hangs_can_be_stopped_and_killed(self):
        for verb, id in (("stop", "node-1"), ("kill", "redis")):
            pid = self.here.parts()[id]["pid"]
            os.kill(pid, signal.SIGSTOP)
            self.done(self.here.run(verb, id))
            self.assertFalse(runs(pid))

    def test_what_is_so_already_is_done(self):
        pid = self.here.parts()["node-1"]["pid"]
        self.done(self.here.run("start", "node-1"))
        self.assertEqual(self.here.parts()["node-1"]["pid"], pid)
        for _ in range(2):
            self.done(self.here.run("kill", "node-1"))
        self.done(self.here.run("stop", "node-1"))

    def test_an_unknown_part_is_refused_with_the_known_ones(self):
        for verb in ("start", "stop", "kill"):
            self.refused(self.here.run(verb, "node-9"), "there is no node-9", "node-1, node-2")

    def test_a_part_that_cannot_start_is_named_with_the_reason(self):
        self.done(self.here.run("kill", "node-1"))
        port = int(self.here.parts()["node-1"]["http"].rpartition(":")[2])
        with socket.create_server(("127.0.0.1", port)):
            self.refused(self.here.run("start", "node-1"), "node-1 ", "Address already in use")
        self.assertIsNone(self.here.parts()["node-1"]["pid"])

    def test_redis_whose_port_was_taken_by_another_one_is_not_ready(self):
        self.done(self.here.run("kill", "redis"))
        port = int(self.here.parts()["redis"]["address"].partition(":")[2])
        other = redis.server(self.here.path / "other", port=port)
        self.addCleanup(other.kill)
        self.refused(self.here.run("start", "redis"), "redis ", str(port))
        other.kill()


class WithoutCluster(ClusterTest):
    def setUp(self):
        self.here = Folder()
        self.addCleanup(self.here.close)

    def test_what_is_not_there_is_not_found(self):
        for words in (("status",), ("status", "--json"), ("start", "redis"), ("kill", "node-1")):
            self.refused(self.here.run(*words), "there is no cluster")
        self.assertEqual(self.here.run("down")[0], 0)

    def test_a_server_that_is_none_is_named(self):
        for path in ("/nonexistent/server", __file__):
            self.refused(self.here.up(server=path), "node-1 cannot be started", path)
        self.refused(self.here.run("status"), "there is no cluster")

    def test_a_node_that_ends_is_named_with_its_own_words_and_nothing_is_left(self):
        wrapper = self.here.path.with_suffix(".sh")
        self.addCleanup(wrapper.unlink)
        # Up clears its folder: the node is told here.
        wrapper.write_text(f"#!/bin/sh\nprintf '%s' 'the moon is wrong' > refuse-node-2\nexec {FAKE} \"$@\"\n")
        wrapper.chmod(0o755)
        self.refused(self.here.up("--nodes", "2", server=wrapper), "node-2 ", "the moon is wrong")
        self.refused(self.here.run("status"), "there is no cluster")
        mine = [pid for pid in os.listdir("/proc") if pid.isdigit() and self.in_folder(pid)]
        self.assertEqual(mine, [])

    def test_down_ends_three_brokers_and_all_else_but_only_the_cluster_s_processes_end(self):
        self.done(self.here.up("--nodes", "1", "--brokers", "3"))
        parts = self.here.parts()
        self.assertEqual(sorted(parts), ["kafka-1", "kafka-2", "kafka-3", "node-1", "redis"])
        bystander = subprocess.Popen(["sleep", "100"])
        self.addCleanup(bystander.wait)
        self.addCleanup(bystander.kill)
        # A pid that was given to somebody else meanwhile is not the part's.
        self.done(self.here.run("kill", "redis"))
        file = self.here.path / "state.json"
        state = json.loads(file.read_text())
        (server,) = [one for one in state["parts"] if one["id"] == "redis"]
        server["pid"] = bystander.pid
        file.write_text(json.dumps(state))
        self.assertIsNone(self.here.parts()["redis"]["pid"])
        # Without a majority a broker waits for the next one.
        for id in ("kafka-2", "kafka-3", "kafka-1"):
            self.done(self.here.run("kill", id))
        for id in ("kafka-3", "kafka-1"):
            self.done(self.here.run("start", id))
        self.done(self.here.run("down"))
        self.assertIsNone(bystander.poll())
        for part in parts.values():
            self.assertFalse(runs(part["pid"]))
        self.refused(self.here.run("status"), "there is no cluster")

    def in_folder(self, pid):
        try:
            return os.readlink(f"/proc/{pid}/cwd") == str(self.here.path)
        except OSError:
            return False


if __name__ == "__main__":
    unittest.main()
