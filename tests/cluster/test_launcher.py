# Boost Software License 1.0, see LICENSE
"""What starts Kafka and Redis for the tests and for scripts/cluster, where the tests of those do not see it."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from launcher import kafka, ports, process, redis  # noqa: E402
from launcher.part import PartError, wait_for  # noqa: E402

WITH_SERVICES = ROOT / "tests/support/python/with_services.py"


class LauncherTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stompchat-launcher-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def ends_with_test(self, *parts):
        for part in parts:
            self.addCleanup(part.kill)
        return parts[0]

    def test_a_port_that_somebody_else_took_is_given_up_for_another(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            real = ports.choose
            for start in (lambda: [redis.server(self.folder)], lambda: kafka.cluster(self.folder)):
                answers = iter([[port, *real(1)]])
                with mock.patch.object(ports, "choose", lambda count=1: next(answers, None) or real(count)):
                    (part,) = start()
                self.ends_with_test(part)
                self.assertNotEqual(part.port, port)
                self.assertTrue(part.ready())

    def test_redis_with_tls_answers_nothing_else(self):
        server = self.ends_with_test(redis.server(self.folder, tls=True))
        self.assertEqual(server.ask("PING"), "+PONG")
        plain = redis.Redis("plain", self.folder, [], server.port)
        self.assertEqual(plain.ask("PING"), "")

    def test_redis_with_a_password_is_ready_and_keeps_strangers_out(self):
        server = self.ends_with_test(redis.server(self.folder, options=["--requirepass", "secret"]))
        self.assertEqual(server.ask("GET", "x"), "-NOAUTH Authentication required.")

    def test_sentinels_make_the_replica_the_master_when_that_is_killed(self):
        group = redis.guarded(self.folder)
        self.ends_with_test(group["master"], group["replica"], *group["sentinels"])
        self.assertTrue(group["replica"].ask("SET", "x", "y").startswith("-READONLY"))
        group["master"].kill()
        wait_for(lambda: group["replica"].ask("SET", "x", "y") == "+OK", 30, "the replica never became the master")

    def test_a_part_that_is_held_runs_but_does_not_answer_until_it_goes_on(self):
        server = self.ends_with_test(redis.server(self.folder))
        server.hold()
        self.assertIsNotNone(server.pid)
        self.assertEqual(server.ask("PING", seconds=0.3), "")
        server.go_on()
        self.assertEqual(server.ask("PING"), "+PONG")

    def test_a_program_that_is_not_there_is_named_with_the_part(self):
        with mock.patch.dict(os.environ, {"PATH": "/nonexistent"}):
            with self.assertRaisesRegex(PartError, "^redis cannot be started: redis-server: "):
                redis.server(self.folder)

    def test_whoever_is_killed_leaves_no_services_behind(self):
        command = ["sh", "-c", "echo $TEST_REDIS_PID $$; exec sleep 1000"]
        runner = subprocess.Popen([sys.executable, "-B", WITH_SERVICES, "--redis", "--", *command], stdout=subprocess.PIPE, text=True,
                                  env={**os.environ, "TMPDIR": str(self.folder)})
        self.addCleanup(runner.stdout.close)
        pids = [int(pid) for pid in runner.stdout.readline().split()]
        left = [process.Process(pid, process.start_time(pid)) for pid in pids]
        self.assertTrue(all(each.alive() for each in left))
        runner.send_signal(signal.SIGKILL)
        runner.wait()
        for each in left:
            self.assertTrue(each.wait(10))

    def test_the_exit_code_is_the_command_s_and_the_folder_goes_with_it(self):
        for command, code in ((["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -9 $$"], 137), (["/nonexistent"], 1)):
            done = subprocess.run([sys.executable, "-B", WITH_SERVICES, "--redis", "--", *command], env={**os.environ, "TMPDIR": str(self.folder)},
                                  capture_output=True)
            self.assertEqual(done.returncode, code)
        self.assertEqual(list(self.folder.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
