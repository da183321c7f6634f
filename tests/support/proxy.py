"""A TCP proxy that a test opens and closes: a broker or database that is away, and comes back."""

import asyncio
import socket
from contextlib import suppress


class Proxy:
    """Listens on a port of its own once opened; the port stays the same. Closing cuts every connection.

    delay: how many seconds each piece waits on its way.
    """

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._server: asyncio.Server | None = None
        self._streams: set[asyncio.StreamWriter] = set()
        self._pipes: set[asyncio.Task[None]] = set()
        self._half_open: set[asyncio.StreamWriter] = set()
        self.delay = 0.0
        self.swallowed = 0
        """Bytes that half-open connections took and never brought."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        return len(self._pipes) // 2

    def leave_half_open(self) -> int:
        """The connections there are stay, and carry nothing any more; how many they are. New ones work."""
        self._half_open = set(self._streams)
        return self.connections

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self.port)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for stream in self._streams:
            stream.transport.abort()
        for pipe in self._pipes:
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self._streams |= {writer, far_writer}
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            pipe = asyncio.create_task(self._pipe(source, sink))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)

    async def _pipe(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            while data := await source.read(65_536):
                await asyncio.sleep(self.delay)
                if sink in self._half_open:
                    self.swallowed += len(data)
                else:
                    sink.write(data)
                    await sink.drain()
        sink.transport.abort()
        self._streams.discard(sink)
        self._half_open.discard(sink)
