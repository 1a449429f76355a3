# Boost Software License 1.0, see LICENSE
"""Options: what is refused, how that is said, and which source wins."""
import os
import tempfile
import unittest

from server_process import Running, ServerTest, run


class Flags(ServerTest):
    def test_every_bad_value_is_told_with_its_option_and_what_would_be_right(self):
        for args, wanted in [
            (["--listen", "8080"], ["--listen: ", '"8080"', "HOST:PORT"]),
            (["--listen", "example.org:80"], ["--listen: ", "IP address"]),
            (["--listen", "127.0.0.1:99999"], ["--listen: ", "port"]),
            (["--listen", "::1:80"], ["--listen: ", "brackets", "[::1]:8080"]),
            (["--stomp-listen", "x"], ["--stomp-listen: "]),
            (["--tls-listen", "x"], ["--tls-listen: "]),
            (["--stomp-tls-listen", "x"], ["--stomp-tls-listen: "]),
            (["--tls-cert", ""], ["--tls-cert: "]),
            (["--tls-key", ""], ["--tls-key: "]),
            (["--threads", "0"], ["--threads: ", "from 1 to 256"]),
            (["--threads", "two"], ["--threads: ", "number"]),
            (["--node-id", "a b"], ["--node-id: ", "letters"]),
            (["--broker", "kafka"], ["--broker: ", '"kafka"', "memory"]),
            (["--registry", "redis"], ["--registry: ", '"redis"', "local", "redis://"]),
            (["--registry", "redis://h:x"], ["--registry: ", "the port"]),
            (["--registry", "redis://a,b"], ["--registry: ", "redis+sentinel://"]),
            (["--registry", "redis://h?nothing=1"], ["--registry: ", "'nothing'"]),
            (["--registry", "http://h"], ["--registry: ", "redis://"]),
            (["--registry-down", "ignore"], ["--registry-down: ", "accept", "refuse"]),
            (["--lease", "5"], ["--lease: ", "unit"]),
            (["--auth", "none"], ["--auth: ", "demo"]),
            (["--allow-insecure=perhaps"], ["--allow-insecure: ", "true or false"]),
            (["--allow-origin", "example.org"], ["--allow-origin: ", "https://"]),
            (["--log-level", "loud"], ["--log-level: ", "debug", "error"]),
            (["--heart-beat", "1"], ["--heart-beat: ", "unit", "5s"]),
            (["--ping-interval", "0s"], ["--ping-interval: ", "too small", "1s"]),
            (["--idle-timeout", "soon"], ["--idle-timeout: ", "duration"]),
            (["--connect-timeout", "1w"], ["--connect-timeout: ", "duration"]),
            (["--handshake-timeout", "2h"], ["--handshake-timeout: ", "too large", "10m"]),
            (["--no-progress", "-1s"], ["--no-progress: ", "duration"]),
            (["--stop-timeout", "1.5s"], ["--stop-timeout: ", "duration"]),
            (["--max-header-line", "1"], ["--max-header-line: ", "too small", "256"]),
            (["--max-headers", "1e3"], ["--max-headers: ", "number"]),
            (["--max-body", "64XB"], ["--max-body: ", '"64XB"', "64KiB"]),
            (["--max-subscriptions", ""], ["--max-subscriptions: "]),
            (["--max-transactions", "99999999999999999999"], ["--max-transactions: ", "too large"]),
            (["--output-queue", "1TB"], ["--output-queue: ", "size"]),
            (["--recent-messages", "many"], ["--recent-messages: ", "size"]),
            (["--history-window", "10"], ["--history-window: ", "unit"]),
            (["--presence-grace", "11m"], ["--presence-grace: ", "10m"]),
            (["--listen"], ["--listen: ", "no value"]),
            (["--config"], ["--config: ", "no value"]),
            (["--threads", "1", "--threads", "2"], ["--threads: ", "more than once"]),
            (["--lisen", "x"], ["--lisen: ", "--listen"]),
            (["--frobnicate"], ["--frobnicate: ", "--help"]),
            (["start"], ['"start": ', "--help"]),
            (["--log-level", "a\nb"], ["--log-level: ", "\\x0a"]),
        ]:
            with self.subTest(args=args):
                self.assert_fails(2, args, *wanted)

    def test_values_that_do_not_go_together_are_told(self):
        for args, wanted in [
            (["--tls-listen", "127.0.0.1:0"], ["--tls-listen: ", "--tls-cert"]),
            (["--stomp-tls-listen", "127.0.0.1:0", "--tls-cert", "c.pem"], ["--stomp-tls-listen: ", "--tls-key"]),
            (["--tls-key", "k.pem"], ["--tls-key: ", "--tls-cert"]),
            (["--listen", "none"], ["--listen: ", "nothing to listen on"]),
            (["--max-body", "600KiB"], ["--max-body: ", "output-queue"]),
            (["--output-queue", "64KiB"], ["--output-queue: ", "max-body"]),
            (["--ping-interval", "2m"], ["--ping-interval: ", "idle-timeout"]),
        ]:
            with self.subTest(args=args):
                self.assert_fails(2, args, *wanted)

    def test_demo_logins_stay_on_this_machine_unless_told_otherwise(self):
        for option in ["--listen", "--stomp-listen"]:
            for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"]:
                with self.subTest(option=option, address=address):
                    self.assert_fails(2, [option, address], f"{option}: ", address, "--allow-insecure")
        for address in ["127.0.0.1:0", "127.8.9.1:0", "[::1]:0", "localhost:0"]:
            self.assertEqual(run("--check-config", "--listen", address)[0], 0, address)
        self.assertEqual(run("--check-config", "--listen", "0.0.0.0:0", "--allow-insecure")[0], 0)

    def test_help_names_every_option_and_version_the_version(self):
        code, out, err = run("--help")
        self.assertEqual((code, err), (0, ""))
        for name in ["listen", "stomp-listen", "tls-listen", "stomp-tls-listen", "tls-cert", "tls-key", "threads", "node-id",
                     "broker", "registry", "auth", "log-level", "config", "check-config", "version", "help", "allow-insecure"]:
            self.assertIn(f"--{name}", out)
        code, out, err = run("--version")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"^stompchat-server \d+\.\d+\.\d+\n$")


class Environment(ServerTest):
    def test_errors_name_the_variable(self):
        for name, value, wanted in [
            ("STOMPCHAT_THREADS", "many", ["number"]),
            ("STOMPCHAT_LISTEN", "127.0.0.1:0,x", ['"x"', "HOST:PORT"]),
            ("STOMPCHAT_TLS_CERT", "", ["file"]),
            ("STOMPCHAT_CONFIG", "", ["TOML"]),
            ("STOMPCHAT_LISEN", "x", ["STOMPCHAT_LISTEN"]),
            ("STOMPCHAT_NONSENSE", "x", ["--help"]),
            ("STOMPCHAT_CHECK_CONFIG", "true", ["no such option"]),
        ]:
            with self.subTest(name=name):
                self.assert_fails(2, [], f"{name} in the environment: ", *wanted, env={name: value})

    def test_a_bad_value_is_told_even_when_a_flag_beats_it(self):
        self.assert_fails(2, ["--threads", "1"], "STOMPCHAT_THREADS", env={"STOMPCHAT_THREADS": "many"})


class File(ServerTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = os.path.join(folder.name, "server.toml")

    def write(self, content):
        with open(self.file, "w", encoding="utf-8") as out:
            out.write(content)
        return self.file

    def test_errors_name_file_line_and_key(self):
        for content, line, wanted in [
            ("threads = 0", 1, ["threads: ", "from 1"]),
            ("\n# comment\nmax-body = '64XB'\n", 3, ["max-body: ", "64KiB"]),
            ("thread = 1", 1, ["thread: ", "threads"]),
            ("config = 'x'", 1, ["config: ", "no such option"]),
            ("\n[server]\nthreads = 1", 2, ["server: ", "no such option"]),
            ("no-progress = 30", 1, ["no-progress: ", "unit"]),
            ("listen = 8080", 1, ["listen: ", '"8080"', "HOST:PORT"]),
            ("listen = [8080]", 1, ["listen: ", "array of strings"]),
            ("threads = [1]", 1, ["threads: ", "one value"]),
            ("threads = 1.5", 1, ["threads: ", "whole number"]),
            ("threads = 1\nthreads = 2", 2, ["TOML"]),
            ("threads = \n", 1, ["TOML"]),
            ("[[destination]]\npattern = '/topic/*x'", 2, ["pattern: ", '"/topic/*x"', "whole segment"]),
            ("[[destination]]\npattern = '/topic/x'\npolicy = 'loud'", 3, ["policy: ", '"loud"', "ephemeral"]),
        ]:
            with self.subTest(content=content):
                self.write(content)
                self.assert_fails(2, ["--config", self.file], f"{self.file}:{line}: ", *wanted)

    def test_a_file_that_cannot_be_read_keeps_it_from_starting(self):
        self.assert_fails(1, ["--config", self.file], "--config: ", self.file, "No such file")
        self.assert_fails(1, [], "STOMPCHAT_CONFIG", "directory", env={"STOMPCHAT_CONFIG": os.path.dirname(self.file)})

    def test_flag_beats_environment_beats_file_beats_default(self):
        self.write('listen = ["127.0.0.2:0", "127.0.0.3:0"]\nlog-level = "error"\nstomp-listen = "127.0.0.4:0"\n')
        with Running("--config", self.file, listeners=3) as server:
            self.assertIn("127.0.0.2", server.listening[0])
            self.assertIn("127.0.0.3", server.listening[1])
            self.assertIn("tcp://127.0.0.4", server.listening[2])
        env = {"STOMPCHAT_LISTEN": "127.0.0.5:0, 127.0.0.6:0", "STOMPCHAT_CONFIG": self.file}
        with Running(listeners=3, env=env) as server:
            self.assertIn("127.0.0.5", server.listening[0])
            self.assertIn("127.0.0.6", server.listening[1])
            self.assertIn("tcp://127.0.0.4", server.listening[2])
        with Running("--listen", "127.0.0.7:0", "--stomp-listen", "none", env=env) as server:
            self.assertIn("127.0.0.7", server.listening[0])
            server.stop()
            self.assertEqual(server.rest_of_stdout(), [])
            self.assertEqual(server.log, [], "log-level of the file still counts")

    def test_check_config_checks_everything_and_starts_nothing(self):
        self.write('listen = "127.0.0.1:0"\nheart-beat = "10s"\nmax-body = 4096\nallow-insecure = false\n'
                   "[[destination]]\npattern = '/topic/*/typing'\npolicy = 'ephemeral'\n")
        code, out, err = run("--check-config", "--config", self.file)
        self.assertEqual((code, out), (0, ""))
        self.assertIn("good", err)
        self.assert_fails(2, ["--check-config", "--config", self.file, "--threads", "0"], "--threads")
        missing = os.path.join(os.path.dirname(self.file), "cert.pem")
        tls = ["--check-config", "--tls-listen", "127.0.0.1:0", "--tls-key", self.file, "--tls-cert"]
        self.assert_fails(1, [*tls, missing], "--tls-cert: ", missing)
        self.assert_fails(2, [*tls, self.file], "--tls-cert: ", self.file)


if __name__ == "__main__":
    unittest.main()
