"""The relay: connections it is called on are passed on to where their route leads, both ways, and everything is kept."""

import asyncio
import itertools
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cityinabox.carrier.records import Watch
from cityinabox.carrier.trouble import Trouble

CHUNK = 1 << 16


@dataclass(frozen=True)
class Route:
    """A port of the carrier and where it leads; ``calls``: ``up`` where terminals call, ``down`` where the head-end does."""

    listen: int
    host: str
    port: int
    calls: str = "up"


@dataclass
class Store:
    """All bytes that went by, one file a connection and direction, up to so many bytes altogether.

    Attributes:
        folder: Where they are kept.
        bytes_max: What is beyond is passed on and not kept; 0 for no bound.
        kept: Bytes so far.
    """

    folder: Path
    bytes_max: int = 0
    kept: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._first = 1 + max((int(path.name[:6]) for path in self.folder.glob("??????.[ud]*")), default=0)

    def numbers(self) -> "itertools.count[int]":
        """Numbers for new connections, above those of earlier runs."""
        return itertools.count(self._first)

    def add(self, connection: int, direction: str, data: bytes) -> None:
        """Keep some bytes."""
        if self.bytes_max and self.kept + len(data) > self.bytes_max:
            return
        self.kept += len(data)
        with (self.folder / f"{connection:06d}.{direction}").open("ab") as file:
            file.write(data)


@dataclass
class Relay:
    """A running relay.

    Attributes:
        store: What it keeps.
        trouble: What it does besides passing on.
        counts: Records passed on by direction, connections.
    """

    store: Store
    trouble: Trouble
    counts: Counter[str] = field(default_factory=Counter)
    _servers: list[asyncio.Server] = field(default_factory=list)

    async def open(self, host: str, route: Route) -> int:
        """Listen; gives the port.

        Raises:
            OSError: The port cannot be had.
        """
        numbers = self.numbers

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            number = next(numbers)
            self.counts["connections"] += 1
            with suppress(OSError, asyncio.CancelledError):
                far_reader, far_writer = await asyncio.open_connection(route.host, route.port)
                try:
                    back = "down" if route.calls == "up" else "up"
                    await self._carry(number, {route.calls: (reader, far_writer), back: (far_reader, writer)})
                finally:
                    far_writer.transport.abort()
            writer.transport.abort()

        server = await asyncio.start_server(serve, host, route.listen, limit=CHUNK)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def __post_init__(self) -> None:
        self.numbers = self.store.numbers()

    async def close(self) -> None:
        """Hang up everywhere."""
        for server in self._servers:
            server.close()

    async def _carry(self, number: int, ways: dict[str, tuple[asyncio.StreamReader, asyncio.StreamWriter]]) -> None:
        tasks = [asyncio.create_task(self._one_way(number, way, *ends)) for way, ends in ways.items()]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _one_way(self, number: int, way: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        watch = Watch()
        while chunk := await reader.read(CHUNK):
            self.store.add(number, way, chunk)
            for record in watch.feed(chunk):
                await self._pass_on(record, number, way, writer)
        writer.write(watch.rest())
        await writer.drain()

    async def _pass_on(self, record: bytes, number: int, way: str, writer: asyncio.StreamWriter) -> None:
        passed = self.trouble.treat(record, connection=number, direction=way)
        if passed.stall_s:
            await asyncio.sleep(passed.stall_s)
        for each in passed.now:
            self.counts[way] += 1
            writer.write(each)
        for each in passed.later:
            self.counts[way] += 1
            asyncio.get_running_loop().call_later(passed.after_s, writer.write, each)
        await writer.drain()
