"""Concentrators on the network: each keeps a TCP connection to the head-end, answers it, and reports.

Heartbeats, confirmations and reconnects follow the machine's time; what is measured follows the city's clock.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from cityinabox.clock import CityClock
from cityinabox.codec.gdw1376 import CONFIRM, STARTER, Frame376, Splitter, unit
from cityinabox.journal import Record
from cityinabox.pushes import Push, Reports
from cityinabox.refused import Refusals
from cityinabox.terminal import Sent
from cityinabox.together import until_one_ends
from cityinabox.wires import Keys, PlainWire, Wire, agree

LOGIN, LOGOUT, HEARTBEAT = 1, 2, 3
ATTEMPTS = 3
DENIAL = unit(0, 2)
BACK_OFF_S = (0.5, 30.0)


@dataclass(frozen=True)
class LinkSettings:
    """How a link behaves; all in machine seconds.

    Args:
        heartbeat_s: Between two heartbeats.
        confirm_s: How long a confirmation is waited for; three missed ones end the connection.
        cut_s: Mean time after which the connection breaks off without a word, 0 for never.
        garbage: Share of frames with random bytes before them.
        keys: Keys of the terminals; without them the connection is plain.
    """

    heartbeat_s: float = 60.0
    confirm_s: float = 5.0
    cut_s: float = 0.0
    garbage: float = 0.0
    keys: Keys | None = None


class LinkLost(ConnectionError):
    """The head-end is gone or does not confirm."""


class Concentrator:
    """One terminal and its connection."""

    def __init__(self, reports: Reports, *, clock: CityClock, record: Record, chance: Random, settings: LinkSettings) -> None:
        self.terminal, self.reports, self.clock, self.record = reports.terminal, reports, clock, record
        self.chance, self.settings = chance, settings
        self._refusals = Refusals(self.terminal.id, record, self.terminal.journal)
        self._unconfirmed: tuple[Push, list[Sent]] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._wire: Wire | None = None
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._next_number = 0

    async def run(self, host: str, port: int) -> None:
        """Connect, work, and connect again with growing, scattered pauses; never returns."""
        self.reports.start(self.clock.time())
        pause_s = BACK_OFF_S[0]
        while True:
            loop = asyncio.get_running_loop()
            began = loop.time()
            with suppress(OSError):
                await self._session(host, port)
            pause_s = BACK_OFF_S[0] if loop.time() - began > self.settings.heartbeat_s else min(pause_s * 2, BACK_OFF_S[1])
            await asyncio.sleep(pause_s * self.chance.uniform(0.3, 1.0))

    async def _session(self, host: str, port: int) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        self._writer = writer
        try:
            self._wire = await self._begin(reader, writer)
            await until_one_ends(self._listen(self._wire), self._work(), self._cut())
        finally:
            self._waiting.clear()
            self._wire = None
            writer.transport.abort()

    async def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Wire:
        """The connection as it is spoken over: sealed where the terminal has a key."""
        if self.settings.keys is None:
            return PlainWire(reader, writer)
        key = self.settings.keys.of(f"{self.terminal.region}-{self.terminal.number:05d}")
        return await agree(reader, writer, key, refusals=self._refusals, shows=self._shows)

    def _shows(self) -> float:
        return self.terminal.clock(self.clock.time())

    async def _listen(self, wire: Wire) -> None:
        splitter = Splitter()
        while chunk := await wire.read():
            for frame in splitter.feed(chunk):
                await self._receive(frame)
        raise LinkLost("closed by the head-end")

    async def _receive(self, frame: Frame376) -> None:
        if frame.afn == CONFIRM:
            waiting = self._waiting.get(frame.number)
            if waiting and not waiting.done() and frame.units != DENIAL:
                waiting.set_result(None)
        elif frame.control & STARTER:
            for sent in self.terminal.handle(frame, self.clock.time()):
                await self._write(sent.frame)
                self.record.add("poll", self.terminal.id, sent.values)

    async def _work(self) -> None:
        """Log in, then report what is due and keep the heartbeat."""
        loop = asyncio.get_running_loop()
        await self._confirmed(LOGIN)
        beat = loop.time()
        while True:
            await self._report()
            if loop.time() - beat >= self.settings.heartbeat_s:
                await self._confirmed(HEARTBEAT)
                beat = loop.time()
            await asyncio.sleep(min(1.0, self.settings.heartbeat_s / 4, max(0.1, 30.0 / max(self.clock.speed, 1.0))))

    async def _report(self) -> None:
        """Push what is due; what was not confirmed before the connection broke goes first, unchanged."""
        self.reports.live(self.clock.time())
        while True:
            if self._unconfirmed is None:
                push = self.reports.push(self.clock.time())
                if push is None:
                    return
                self._unconfirmed = push, list(push.frames)
            push, left = self._unconfirmed
            while left:
                self.record.add("said", self.terminal.id, left[0].values)
                await self._confirmed(left[0])
                self.record.add("push", self.terminal.id, left.pop(0).values)
            self.reports.confirm(push)
            self._unconfirmed = None

    async def _confirmed(self, what: Sent | int) -> None:
        """Send a frame, the same one again when no confirmation comes.

        Raises:
            LinkLost: It was not confirmed three times.
        """
        number = self._next_number
        self._next_number = (number + 1) % 16
        frame = self.reports.link_frame(what) if isinstance(what, int) else what.frame
        frame = Frame376(**{**frame.__dict__, "seq": frame.seq | number})
        for _ in range(ATTEMPTS):
            self._waiting[number] = asyncio.get_running_loop().create_future()
            try:
                await self._write(frame)
                async with asyncio.timeout(self.settings.confirm_s):
                    await self._waiting[number]
                return
            except TimeoutError:
                continue
            finally:
                self._waiting.pop(number, None)
        raise LinkLost("not confirmed")

    async def _write(self, frame: Frame376) -> None:
        if self._writer is None or self._wire is None:
            raise LinkLost("not connected")
        noise = b""
        if self.settings.garbage and self.chance.random() < self.settings.garbage:
            noise = self.chance.randbytes(self.chance.randrange(1, 20))
        self._wire.write(noise + frame.encode())
        await self._writer.drain()

    async def _cut(self) -> None:
        """Break off after a random time, half a frame on the wire."""
        if not self.settings.cut_s:
            await asyncio.Event().wait()
        await asyncio.sleep(self.chance.expovariate(1 / self.settings.cut_s))
        if self._writer and self._wire:
            self._wire.break_off(self.reports.link_frame(HEARTBEAT).encode())
            await self._writer.drain()
        raise LinkLost("cut")


async def run_concentrators(concentrators: Iterable[Concentrator], host: str, port: int) -> None:
    """Run them all until cancelled."""
    async with asyncio.TaskGroup() as group:
        for concentrator in concentrators:
            group.create_task(concentrator.run(host, port))
