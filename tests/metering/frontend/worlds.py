"""Terminals made by hand on real sockets, and logs that remember or fail."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pyarrow as pa

from metropool.capabilities.metering.frontend.hub import Limits
from metropool.capabilities.metering.frontend.server import FrontEndServer, serve
from metropool.capabilities.metering.frontend.tasks import AddressBook, Terminal, decode_events
from metropool.core.clock import VirtualClock
from metropool.core.errors import Unavailable
from metropool.devices.addresses import pack_terminal
from metropool.devices.gdw1376.frame import Frame, decode_frame, encode_frame
from metropool.devices.gdw1376.requests import unit_address

NOW = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)
REGION = "1101"


@dataclass
class MemoryLog:
    """A log that keeps batches in memory; ``hold`` stops it before it keeps one, ``fail`` refuses."""

    kept: list[bytes] = field(default_factory=list)
    fail: bool = False
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def append(self, batch: bytes) -> int:
        await self.gate.wait()
        if self.fail:
            raise Unavailable("the log is gone")
        self.kept.append(batch)
        return len(self.kept)

    @property
    def rows(self) -> list[dict]:
        return [row for batch in self.kept for row in pa.ipc.open_stream(batch).read_all().to_pylist()]

    @property
    def events(self) -> list:
        return [event for batch in self.kept for event in decode_events(batch)]


@dataclass
class World:
    """A running front end and what it wrote."""

    server: FrontEndServer
    log: MemoryLog
    events: MemoryLog
    clock: VirtualClock

    async def terminal(self, number: int = 1, *, login: bool = True) -> "HandTerminal":
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        terminal = HandTerminal(number, reader, writer)
        if login:
            assert await terminal.says(terminal.link(1)) == 0
        return terminal


async def open_world(*, terminals: int = 3, **limits: float) -> World:
    clock, log, events = VirtualClock(NOW), MemoryLog(), MemoryLog()
    server = await serve(
        host="127.0.0.1", port=0, clock=clock, log=log, event_log=events, limits=Limits(**{"flush_s": 0.005, **limits})
    )
    await server.introduce(AddressBook(terminals=[Terminal(address=device(n), link="plain") for n in range(1, terminals + 1)]))
    return World(server, log, events, clock)


def device(number: int) -> int:
    return pack_terminal(region=REGION, terminal=number)


@dataclass
class HandTerminal:
    """A terminal whose every byte the test decides."""

    number: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    seq: int = 0
    held: bytes = b""

    def link(self, function: int, number: int | None = None) -> bytes:
        return self.frame(0xC9, 0x02, unit_address(points=(0,), functions=(function,)), number=number)

    def frame(self, control: int, afn: int, units: bytes, *, number: int | None = None, seq: int | None = None) -> bytes:
        self.seq = (self.seq + 1) % 16
        return encode_frame(Frame(REGION, number or self.number, control, afn, 0x70 | self.seq if seq is None else seq, units))

    def push(self, *values: tuple[int, int], day: bytes = b"\x30\x06\x26") -> bytes:
        """A daily freeze F161 of points: (point, hundredths of a kWh)."""
        units = b""
        for point, hundredths in values:
            register = bytes.fromhex(f"{hundredths * 100:010d}")[::-1]
            units += unit_address(points=(point,), functions=(161,)) + day + b"\x01\x00\x01\x07\x26\x00" + register
        return self.frame(0xC4, 0x0D, units)

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def says(self, data: bytes, *, within: float = 2.0) -> int | None:
        """Send, and give the confirmation: 0 confirmed, 1 denied, None for nothing."""
        self.send(data)
        return await self.verdict(within=within)

    async def verdict(self, *, within: float = 2.0) -> int | None:
        frame = await self.hears(within=within)
        return None if frame is None else {1: 0, 2: 1}[frame.units[2]]

    async def hears(self, *, within: float = 2.0) -> Frame | None:
        """The next frame from the front end, None when it stays silent or closes."""
        try:
            async with asyncio.timeout(within):
                while len(self.held) < 8 or len(self.held) < (int.from_bytes(self.held[1:3], "little") >> 2) + 8:
                    more = await self.reader.read(4096)
                    if not more:
                        return None
                    self.held += more
        except TimeoutError:
            return None
        size = (int.from_bytes(self.held[1:3], "little") >> 2) + 8
        raw, self.held = self.held[:size], self.held[size:]
        return decode_frame(raw)

    async def is_closed(self, *, within: float = 2.0) -> bool:
        try:
            async with asyncio.timeout(within):
                while await self.reader.read(4096):
                    pass
        except TimeoutError:
            return False
        except OSError:
            return True
        return True

    def close(self) -> None:
        self.writer.close()
