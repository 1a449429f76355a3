# Boost Software License 1.0, see LICENSE
"""A stomp.py client for tests: what it waits for comes through queues with a time limit."""
import functools
import itertools
import queue
import ssl
import tempfile
import unittest
import warnings

import stomp
from server_process import PATIENCE, Running, make_certificate

# stomp.py reads in one thread and writes in another, which Python's TLS does not stand while the session tickets of TLS 1.3 come in: now
# and then what is sent then is lost, by any server. stomp.py's own option for the version does nothing.
stomp.transport.DEFAULT_SSL_VERSION = ssl.PROTOCOL_TLSv1_2
warnings.filterwarnings("ignore", "ssl.PROTOCOL", DeprecationWarning)

LIMIT = 1024 * 1024
VERSIONS = {"1.0": stomp.StompConnection10, "1.1": stomp.StompConnection11, "1.2": stomp.StompConnection12}

numbers = itertools.count(1)


def fresh_room():
    return f"/topic/test-{next(numbers)}"


class Client(stomp.ConnectionListener):
    """`to` is (host, port) and the file of the certificate, or None for plain TCP. Further options are stomp.py's."""

    def __init__(self, to, version="1.2", **options):
        self.version = version
        self.address, certificate = to
        self.connection = VERSIONS[version]([self.address], **options)
        if certificate:
            self.connection.set_ssl([self.address], ca_certs=certificate)
        self.connection.set_listener("test", self)
        self.connects, self.receipts, self.errors, self.ends, self.dead = (queue.Queue() for _ in range(5))
        self.beats = 0
        self.inboxes = {}

    # What stomp.py calls, in its own thread.
    def on_connected(self, frame):
        self.connects.put(frame)

    def on_message(self, frame):
        # STOMP 1.0 names the subscription too, if that has an id.
        self.inboxes[frame.headers["subscription"]].put(frame)

    def on_receipt(self, frame):
        self.receipts.put(frame)

    def on_error(self, frame):
        self.errors.put(frame)

    def on_disconnected(self):
        self.ends.put(True)

    def on_heartbeat(self):
        self.beats += 1

    def on_heartbeat_timeout(self):
        self.dead.put(True)

    # What a test calls.
    def connect(self, login=None):
        """Returns the headers of CONNECTED."""
        self.connection.connect(login, wait=True)
        return self.connects.get(timeout=PATIENCE).headers

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.connection.is_connected():
            self.connection.disconnect()

    def confirmed(self, call, *args, **options):
        """Calls with a receipt and waits for it. Returns its headers."""
        name = f"r-{next(numbers)}"
        call(*args, **options, receipt=name)
        headers = self.receipts.get(timeout=PATIENCE).headers
        assert headers["receipt-id"] == name, headers
        return headers

    def subscribe(self, destination, **options):
        """Waits until the subscription is live. Returns its queue of messages, which has its id."""
        inbox = queue.Queue()
        inbox.id = f"s-{next(numbers)}"
        self.inboxes[inbox.id] = inbox
        self.confirmed(self.connection.subscribe, destination, inbox.id, **options)
        return inbox

    def unsubscribe(self, inbox):
        self.confirmed(self.connection.unsubscribe, id=inbox.id)

    def send(self, destination, body, **options):
        return self.confirmed(self.connection.send, destination, body, **options)

    def acknowledge(self, call, message, **options):
        """`call` is the connection's ack or nack. What it takes differs with the version."""
        headers = message.headers
        if self.version == "1.2":
            return self.confirmed(call, headers["ack"], **options)
        if self.version == "1.1":
            return self.confirmed(call, headers["message-id"], headers["subscription"], **options)
        return self.confirmed(call, headers["message-id"], **options)


def take(inbox, count):
    return [inbox.get(timeout=PATIENCE) for _ in range(count)]


def bodies(inbox, count):
    return [message.body for message in take(inbox, count)]


def in_each_way(test):
    """The test with every version over TCP and over TLS: it gets where to connect, and the version."""
    @functools.wraps(test)
    def run(self):
        for way in ["tcp", "tls"]:
            for version in VERSIONS:
                with self.subTest(way=way, version=version):
                    test(self, getattr(self, way), version)
    return run


class ClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cert, key = make_certificate(folder)
        cls.server = cls.enterClassContext(
            Running("--listen", "none", "--stomp-listen", "127.0.0.1:0", "--stomp-tls-listen", "127.0.0.1:0", "--tls-cert", cert,
                    "--tls-key", key, "--max-body", "1MiB", "--output-queue", "2MiB", listeners=2))
        cls.tcp = (("127.0.0.1", cls.server.port("tcp")), None)
        cls.tls = (("127.0.0.1", cls.server.port("tls")), cert)

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0, "".join(cls.server.log)

    def client(self, to, version="1.2", **options):
        return self.enterContext(Client(to, version, **options))

    def connected(self, to, version="1.2", **options):
        client = self.client(to, version, **options)
        client.connect()
        return client
