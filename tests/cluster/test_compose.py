# Boost Software License 1.0, see LICENSE
"""scripts/docker/compose.yaml is well-formed, means the same Kafka as the tests, and gives the server options that it knows. TEST_SERVER is the
program. Whether it runs only a machine with Docker can tell."""

import os
import pathlib
import re
import subprocess
import sys
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from launcher import kafka_install  # noqa: E402

FOLDER = ROOT / "scripts/docker"


class Compose(unittest.TestCase):
    def setUp(self):
        self.services = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]
        self.nodes = {name: service for name, service in self.services.items() if name.startswith("node-")}

    def test_there_is_a_cluster_in_it(self):
        self.assertEqual(sorted(self.services), ["kafka", "node-1", "node-2", "node-3", "redis"])

    def test_kafka_is_the_one_that_is_tested(self):
        self.assertEqual(self.services["kafka"]["image"], f"apache/kafka:{kafka_install.VERSION}")
        self.assertIn(f"<version>{kafka_install.VERSION}</version>", (kafka_install.RECIPE / "pom.xml").read_text())

    def test_the_files_that_it_names_are_there(self):
        for node in self.nodes.values():
            context = (FOLDER / node["build"]["context"]).resolve()
            self.assertEqual(context, ROOT)
            self.assertTrue((context / node["build"]["dockerfile"]).is_file())

    def test_the_server_takes_the_options_of_each_node(self):
        for name, node in self.nodes.items():
            with self.subTest(name):
                own = {key: value for key, value in os.environ.items() if not key.startswith("STOMPCHAT_")}
                done = subprocess.run([os.environ["TEST_SERVER"], *node["command"], "--check-config"], capture_output=True, text=True,
                                      env={**own, **node.get("environment", {})})
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_nodes_differ_in_name_port_and_address(self):
        ports = [re.fullmatch(r"127\.0\.0\.1:(\d+):8080", node["ports"][0])[1] for node in self.nodes.values()]
        self.assertEqual(len(set(ports)), 3)
        for (name, node), port in zip(self.nodes.items(), ports):
            self.assertEqual(node["environment"]["STOMPCHAT_NODE_ID"], name)
            self.assertIn(f"localhost:{port}", node["environment"]["STOMPCHAT_PUBLIC_URL"])
            self.assertIn(f"--allow-origin=http://localhost:{port}", node["command"])


if __name__ == "__main__":
    unittest.main()
