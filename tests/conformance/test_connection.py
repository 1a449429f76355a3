# Boost Software License 1.0, see LICENSE
"""CONNECT, versions, heart-beats and the ways of frames over the transports."""
import time
import unittest

from client import ConformanceTest
from peer import SLOWER, Tcp, Ws, frame


class Connection(ConformanceTest):
    options = ["--heart-beat", "500ms", "--connect-timeout", "2s"]

    def test_stomp_is_connect(self):
        for _, kind in self.everywhere(["1.2"]):
            peer = kind(self.ports[kind])
            with peer:
                peer.say(b"STOMP\naccept-version:1.1,1.2\nhost:a\n\n\0")
                peer.wait_for(b"CONNECTED\nversion:1.2\n")

    def test_host_and_login_are_not_asked_for(self):
        for kind in (Tcp, Ws):
            with kind(self.ports[kind]) as peer:
                peer.say(b"CONNECT\naccept-version:1.2\n\n\0")
                peer.wait_for(b"CONNECTED\n")

    def test_connected_names_version_session_server_and_heart_beat(self):
        sessions = set()
        for version, kind in self.everywhere():
            connected = self.client(version, kind).connected
            self.assertEqual(connected["version"], None if version == "1.0" else version)
            self.assertEqual(connected["heart-beat"], None if version == "1.0" else "500,500")
            self.assertRegex(connected["server"], r"^[A-Za-z]+/[0-9.]+$")
            sessions.add(connected["session"])
        self.assertEqual(len(sessions), 6)
        self.assertNotIn(None, sessions)

    def test_no_common_version_is_an_error_that_lists_ours(self):
        for kind in (Tcp, Ws):
            with kind(self.ports[kind]) as peer:
                peer.say(b"CONNECT\naccept-version:2.0,3.1\nhost:a\n\n\0")
                peer.until_closed()
                self.assertTrue(peer.text().startswith(b"ERROR\n"), peer.text())
                self.assertIn(b"\nversion:1.0,1.1,1.2\n", peer.text())

    def test_an_error_before_connected_needs_no_escaping(self):
        for kind in (Tcp, Ws):
            for octets in [b"SEND\ndestination:a\n\n\0", b"CONNECT\naccept-version:9\n\n\0", b"CONNECT\naccept-version:1.2\nheart-beat:x\n\n\0"]:
                with kind(self.ports[kind]) as peer:
                    peer.say(octets)
                    peer.until_closed()
                    message = next(line for line in peer.text().split(b"\n") if line.startswith(b"message:"))
                    self.assertRegex(message, rb"^message:[^:\\\\]+$")
                    self.assertFalse(peer.reset)

    def test_the_subprotocol_does_not_decide_the_version(self):
        # Ws offers v12.stomp; what counts is accept-version.
        self.assertEqual(self.client("1.1", Ws).connected["version"], "1.1")

    def test_frames_may_be_cut_anywhere_and_joined(self):
        for version, kind in self.everywhere():
            client = self.client(version, kind)
            client.ask(self.subscription())
            octets = ("\n\r\n" + self.send("one", "a:b\n") + "\0\n" + self.send("two") + "\0").encode()
            for cut in range(1, len(octets)):
                client.peer.say(octets[:cut])
                client.peer.say(octets[cut:])
            self.assertEqual([one.body for one in client.messages(2 * len(range(1, len(octets))))][:4], [b"one", b"two", b"one", b"two"])
            client.peer.say(octets * 20)
            client.messages(40)

    def test_text_and_binary_messages_carry_the_same_stream(self):
        client = self.client()
        client.ask(self.subscription())
        octets = (self.send("m\u00fcll") + "\0").encode()
        client.peer.write(frame(1, octets[:10]) + frame(2, octets[10:20]) + frame(1, octets[20:]))
        self.assertEqual(client.next("MESSAGE").body.decode(), "m\u00fcll")


class HeartBeats(ConformanceTest):
    options = ["--heart-beat", "500ms"]

    def beats(self, peer, seconds):
        """The moments at which something came, for so long."""
        start = time.monotonic()
        peer.socket.settimeout(0.05)
        moments = [0.0]
        while time.monotonic() - start < seconds:
            try:
                peer.read_once()
                moments.append(time.monotonic() - start)
            except TimeoutError:
                pass
        return moments

    def test_something_comes_within_every_interval_that_was_agreed(self):
        for version, kind in self.everywhere(["1.1", "1.2"]):
            client = self.client(version, kind, headers="heart-beat:0,700\n")
            before = len(client.peer.text())
            moments = self.beats(client.peer, 3.0)
            gaps = [later - earlier for earlier, later in zip(moments, moments[1:])]
            self.assertGreaterEqual(len(gaps), 3)
            self.assertLess(max(gaps), 0.7 + 0.3 * SLOWER)
            self.assertGreater(min(gaps[1:]), 0.3)
            self.assertEqual(client.peer.text()[before:].strip(b"\n"), b"")

    def test_nobody_beats_when_one_side_does_not_want_it(self):
        for version, kind in self.everywhere():
            headers = "" if version == "1.0" else "heart-beat:500,0\n"
            client = self.client(version, kind, headers=headers)
            before = len(client.peer.raw)
            if version == "1.0":
                self.beats(client.peer, 1.5)
            else:
                for _ in range(8):
                    client.peer.say(b"\n")
                    self.beats(client.peer, 0.25)
            self.assertEqual(client.peer.raw[before:], b"")

    def test_any_octet_is_a_sign_of_life_and_silence_is_the_end(self):
        for version, kind in self.everywhere(["1.1", "1.2"]):
            client = self.client(version, kind, headers="heart-beat:500,0\n")
            half = self.send("x" * 40)
            for octet in half[:30].encode():  # a frame that comes octet by octet is life too
                client.peer.say(bytes([octet]))
                time.sleep(0.08)
            start = time.monotonic()
            client.next("ERROR", 20)
            self.assertGreater(time.monotonic() - start, 0.9)
            client.closed()

    def test_pings_are_a_sign_of_life(self):
        client = self.client("1.2", Ws, headers="heart-beat:500,0\n")
        for _ in range(12):
            client.peer.write(frame(9, b""))
            time.sleep(0.2)
        client.quiet()


if __name__ == "__main__":
    unittest.main()
