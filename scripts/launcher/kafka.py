# Boost Software License 1.0, see LICENSE
"""A Kafka cluster of one or three brokers (KRaft: each is also a controller)."""

import base64
import shutil
import subprocess
import uuid

from . import kafka_install, kafka_probe, ports
from .part import Part, PartError

JVM = ["-Xms96m", "-Xmx320m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss512k", "-Djava.awt.headless=true",
       f"-Dlog4j2.configurationFile=file:{kafka_install.RECIPE / 'log4j2.properties'}"]
TAKEN = ("BindException", "Address already in use")


class Kafka(Part):
    kind = "kafka"
    patience = 90
    # The last two of three do not end in order, because no majority is left to tell.
    stop_patience = 6

    @property
    def number(self):
        return self.details["number"]

    def ready(self):
        return self.listens() and self.number in kafka_probe.live_brokers(self.port)

    def controller_listens(self):
        """True early: without a majority of the brokers it serves nobody, but waits for them."""
        return self.pid is not None and ports.listens(self.pid, self.details["controller_port"])


def cluster(folder, count=1, *, outlive=False, doors=(), started=lambda part: None):
    """Starts a cluster and waits until each broker knows all of them. Returns [Kafka]. `started` is told of each that was launched.

    `doors` are further ways in, each a list of ports, one for each broker: clients who come by that way are told these ports, behind which
    somebody must pass on to `broker.details["doors"]`, where each broker listens for them. So one client can be cut off without another."""
    try:
        jars = kafka_install.jars()
    except OSError as error:
        raise PartError(f"kafka-1 cannot be installed: {error}") from None
    for attempt in range(5):
        brokers = _configure(folder, count, jars, outlive, doors)
        try:
            for broker in brokers:
                broker.launch()
                started(broker)
            for broker in brokers:
                broker.wait_until_ready()
            wait_for_all(brokers)
            return brokers
        except PartError:
            for broker in brokers:
                broker.kill()
            # Somebody was quicker to use one of the ports: all of them know all ports, so all are made anew.
            if attempt == 4 or not any(word in broker.said() for word in TAKEN for broker in brokers):
                raise
        except BaseException:
            for broker in brokers:
                broker.kill()
            raise
    raise AssertionError("not reached")


def wait_for_all(brokers, seconds=60):
    """Waits until each running broker says that all running brokers serve."""
    running = [broker for broker in brokers if broker.pid is not None]
    wanted = {broker.number for broker in running}
    for broker in running:
        broker.ready, own = (lambda port=broker.port: kafka_probe.live_brokers(port) >= wanted), broker.ready
        try:
            broker.wait_until_ready(seconds)
        finally:
            del broker.ready


def _configure(folder, count, jars, outlive, doors):
    """Writes the brokers' files, as for a cluster that was never started."""
    chosen = ports.choose((2 + len(doors)) * count)
    voters = ",".join(f"{number}@127.0.0.1:{chosen[2 * number - 1]}" for number in range(1, count + 1))
    template = (kafka_install.RECIPE / "broker.properties.in").read_text()
    java = ["java", *JVM, "-cp", f"{jars}/*"]
    brokers = []
    for number in range(1, count + 1):
        port, controller_port = chosen[2 * number - 2:2 * number]
        id = f"kafka-{number}"
        broker = Kafka(id, folder, [*java, "kafka.Kafka", f"{id}.properties"], port, outlive=outlive, number=number,
                       controller_port=controller_port)
        values = {"ID": number, "VOTERS": voters, "PORT": port, "CONTROLLER_PORT": controller_port, "DATA": broker.folder / id,
                  "RF": count, "MIN_ISR": 1 if count < 3 else 2}
        text = template
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        if doors:
            broker.details["doors"] = chosen[2 * count + (number - 1) * len(doors):2 * count + number * len(doors)]
            told = [door[number - 1] for door in doors]
            text = _add_doors(text, broker.details["doors"], told)
        (broker.folder / f"{id}.properties").write_text(text)
        shutil.rmtree(broker.folder / id, ignore_errors=True)
        brokers.append(broker)
    _format(brokers, java)
    return brokers


def _add_doors(text, listened, told):
    additions = {"listeners": [f"DOOR{index}://127.0.0.1:{port}" for index, port in enumerate(listened)],
                 "advertised.listeners": [f"DOOR{index}://127.0.0.1:{port}" for index, port in enumerate(told)],
                 "listener.security.protocol.map": [f"DOOR{index}:PLAINTEXT" for index in range(len(told))]}
    lines = []
    for line in text.splitlines():
        name = line.partition("=")[0]
        lines.append(",".join([line, *additions.get(name, [])]))
    return "\n".join(lines) + "\n"


def _format(brokers, java):
    """Makes the data folders: the first by Kafka's tool, the others as its copies, which saves a second for each."""
    first = brokers[0]
    cluster_id = "A" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]  # a leading "-" would be an option
    command = [*java, "kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", f"{first.id}.properties", "--ignore-formatted"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=first.folder)
    except FileNotFoundError:
        raise PartError("kafka-1 cannot be started: Kafka needs Java: apt-get install default-jre-headless") from None
    if done.returncode != 0:
        raise PartError(f"{first.id} cannot be started: {(done.stdout + done.stderr).strip()[-300:]}")
    for other in brokers[1:]:
        shutil.copytree(first.folder / first.id, other.folder / other.id)
        file = other.folder / other.id / "meta.properties"
        lines = []
        for line in file.read_text().splitlines():
            name = line.partition("=")[0]
            if name == "node.id":
                line = f"node.id={other.number}"
            elif name == "directory.id":
                line = "directory.id=A" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]
            lines.append(line)
        file.write_text("\n".join(lines) + "\n")
