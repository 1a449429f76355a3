# Boost Software License 1.0, see LICENSE
"""Asks a Kafka broker which brokers serve, in Kafka's own protocol, so that no client need be installed."""

import socket
import struct

METADATA, VERSION = 3, 7  # the last versions with lengths of a fixed size end with 8; brokers of 4.x know 7


def live_brokers(port, seconds=2.0):
    """The ids of the brokers that serve, as the one at that port of loopback sees it; empty when it does not answer."""
    request = struct.pack(">hhih", METADATA, VERSION, 1, 5) + b"probe" + struct.pack(">ib", 0, 0)  # no topics, and none is made
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            (length,) = struct.unpack(">i", _exactly(connection, 4))
            return _broker_ids(_exactly(connection, length))
    except (OSError, struct.error):
        return set()


def _exactly(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise OSError("the broker closed the connection")
        data += more
    return data


def _broker_ids(answer):
    correlation, _throttled, count = struct.unpack_from(">iii", answer)
    if correlation != 1:
        raise OSError("an answer to something else")
    ids, at = set(), 12
    for _ in range(count):
        (id,) = struct.unpack_from(">i", answer, at)
        at += 4
        at = _after_string(answer, at)  # host
        at += 4  # port
        at = _after_string(answer, at)  # rack
        ids.add(id)
    return ids


def _after_string(answer, at):
    (length,) = struct.unpack_from(">h", answer, at)
    return at + 2 + max(length, 0)
