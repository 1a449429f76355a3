# Boost Software License 1.0, see LICENSE
"""A way for TCP connections that can be cut: what a network does to one client of a server and not to the others."""
import asyncio
import socket
import threading

CHUNK = 64 * 1024
BACKLOG = 64 * 1024  # what may wait for one side before the other is no longer read


class _Side(asyncio.Protocol):
    """One end of a connection; `peer` is the other."""

    def __init__(self, door):
        self.door = door
        self.peer = None
        self.transport = None
        self.early = []  # what came before the other end was there

    def connection_made(self, transport):
        self.transport = transport
        transport.set_write_buffer_limits(high=BACKLOG)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.door.sides.add(self)
        if self.door.silent:
            transport.pause_reading()

    def data_received(self, data):
        if self.peer is None:
            self.early.append(data)
        else:
            self.peer.transport.write(data)

    def eof_received(self):
        if self.peer is not None and not self.peer.transport.is_closing():
            self.peer.transport.close()
        return False

    def connection_lost(self, _):
        self.door.sides.discard(self)
        if self.peer is not None and not self.peer.transport.is_closing():
            self.peer.transport.close()

    def pause_writing(self):
        if self.peer is not None:
            self.peer.transport.pause_reading()

    def resume_writing(self):
        if self.peer is not None and not self.door.silent:
            self.peer.transport.resume_reading()


class Door:
    """Listens at `port` and passes on to `target`, a port that may be set later."""

    def __init__(self, loop):
        self.loop = loop
        self.target = None
        self.silent = False
        self.refuses = False
        self.sides = set()
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        self.server = self._call(loop.create_server(self._accept, sock=listener))

    def _accept(self):
        side = _Side(self)
        self.loop.call_soon(lambda: self.loop.create_task(self._join(side)))
        return side

    async def _join(self, side):
        if self.refuses or self.target is None:
            side.transport.abort()
            return
        while self.silent:
            await asyncio.sleep(0.05)
        try:
            _, other = await self.loop.create_connection(lambda: _Side(self), "127.0.0.1", self.target)
        except OSError:
            side.transport.abort()
            return
        side.peer, other.peer = other, side
        for data in side.early:
            other.transport.write(data)
        side.early.clear()
        if side.transport.is_closing():
            other.transport.close()

    def cut(self):
        """Connections are reset, and new ones too."""
        self.refuses = True
        self._do(lambda: [side.transport.abort() for side in list(self.sides)])

    def silence(self):
        """Nothing passes, and nobody is told. What was under way arrives when it ends."""
        self.silent = True
        self._do(lambda: [side.transport.pause_reading() for side in self.sides])

    def open(self):
        """As it was in the beginning."""
        self.refuses = self.silent = False
        self._do(lambda: [side.transport.resume_reading() for side in self.sides if not side.transport.is_closing()])

    def _do(self, action):
        async def act():
            action()
        self._call(act())

    def _call(self, what):
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(10)


class Doors:
    """The thread in which all doors are."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def door(self):
        return Door(self.loop)

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


def cut_all(doors):
    for door in doors:
        door.cut()


def silence_all(doors):
    for door in doors:
        door.silence()


def open_all(doors):
    for door in doors:
        door.open()
