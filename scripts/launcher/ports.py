# Boost Software License 1.0, see LICENSE
"""Free ports of loopback."""

import os
import random
import socket


def _candidates():
    """Below the range that the system takes ports of outgoing connections from: a part that is down must find its port free again."""
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
            end = int(file.read().split()[0])
    except (OSError, ValueError):
        end = 32768
    return range(10000, end) if end > 12000 else range(20000, 60000)


def is_free(port):
    with socket.socket() as probe:
        # As servers do: connections of an earlier one that linger are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose(count=1):
    """That many ports which are free at present. Another process may be quicker to use one: start the part again with others then."""
    chosen = []
    candidates = _candidates()
    for _ in range(10000):
        port = random.choice(candidates)
        if port not in chosen and is_free(port):
            chosen.append(port)
            if len(chosen) == count:
                return chosen
    raise OSError("no free ports")


def listens(pid, port):
    """Whether it is that process which listens there: another server may answer at a port that was taken."""
    wanted = set()
    for table in ("tcp", "tcp6"):
        try:
            with open(f"/proc/{pid}/net/{table}", encoding="ascii") as file:
                for line in file.readlines()[1:]:
                    fields = line.split()
                    if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                        wanted.add(f"socket:[{fields[9]}]")
        except OSError:
            pass
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    for name in names:
        try:
            if os.readlink(f"{folder}/{name}") in wanted:
                return True
        except OSError:
            pass  # closed meanwhile
    return False
