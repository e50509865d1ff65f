"""Loops that touch the outside between units of work: take the log in, ask for what is missing, carry out commands.

Each is one coroutine the runtime starts beside a node that hosts metering. ``units`` runs operations as units of work; what a
loop does outside follows only from rows that survived a commit, so it may be killed at any point.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeVar

import msgspec
import structlog

from metropool.capabilities.metering.clocks import operations as clocks
from metropool.capabilities.metering.collection import ingest, recall
from metropool.capabilities.metering.collection import operations as collection
from metropool.capabilities.metering.collection.backlog import Backlog
from metropool.capabilities.metering.control import operations as control
from metropool.capabilities.metering.frontend.tasks import Answer, AnyTask, DeviceEvent, Read, decode_events
from metropool.capabilities.metering.ports import FrontEnd, LogSource
from metropool.capabilities.metering.scheduling import operations as scheduling
from metropool.core.errors import Conflict, Invalid
from metropool.exchange.ports import LogEntry
from metropool.facts.commands import OPEN, Command
from metropool.storage.disk import write_durably
from metropool.storage.lake import LakeFile

log = structlog.get_logger()
T = TypeVar("T")
EVENTS = "events"
BATCHES, WAIT_S = 12, 1.0
"""A batch of the log has up to some 150,000 values when much comes at once: a unit is bounded by memory, not by patience."""

LOOKS_S = 0.5
READS_AT_ONCE = 256
CLOCKS_AT_ONCE = 32
WAITED_FOR = tuple(state for state in OPEN if state != "sent")
"""States of commands that the next step may take on; one that was sent waits for its answer."""

Loaded = tuple[ingest.Prepared | None, list[LakeFile], list[DeviceEvent]]


class Units(Protocol):
    """Runs operations of metering on its node, one unit each; queries on a consistent view beside them."""

    async def write(self, operation: Callable[[Any], T]) -> T: ...
    async def read(self, query: Callable[[Any], T]) -> T: ...


@dataclass
class Attendants:
    """The loops of one node.

    Attributes:
        units: Runs operations.
        front: The front end, across the zone border.
        stream: Name of the log, under which its position is kept.
        ordered: Set it when a command was ordered or approved, and it is carried out at once.
    """

    units: Units
    front: FrontEnd
    stream: str = "readings"
    ordered: asyncio.Event = field(default_factory=asyncio.Event)
    _turns: dict[int, asyncio.Lock] = field(default_factory=dict)
    _reading: set[asyncio.Task[None]] = field(default_factory=set)
    _clocks: set[asyncio.Task[None]] = field(default_factory=set)

    async def take_log_in(self, source: LogSource) -> None:
        """From the log to the lake and the book of events, for ever: exactly once by sequence, many batches a commit."""
        backlog = Backlog()
        while True:
            backlog.add(await source.read(limit=BATCHES, wait_s=WAIT_S))
            if backlog.oldest:
                await self.take_in(backlog)
                await source.done(await self._position())

    async def take_in(self, backlog: Backlog) -> None:
        """One run of batches: prepared and written beside the writer, then one unit. Repeats have no effect."""
        position = await self._position()
        backlog.drop(up_to=position)
        if backlog.misses_for_good(position):
            log.error("the log lost batches", stream=self.stream, after=position, before=backlog.oldest)
        fresh = backlog.following(position, limit=BATCHES)
        if not fresh:
            return
        loaded = await self.units.read(partial(_prepare, entries=fresh, stream=self.stream))
        try:
            await self.units.write(partial(_commit, entries=fresh, loaded=loaded, stream=self.stream))
        except Conflict:
            return
        backlog.drop(up_to=fresh[-1].sequence)

    async def _position(self) -> int:
        return await self.units.read(lambda work: int(work.collection.position(stream=self.stream)))

    async def collect(self) -> None:
        """Plan days, ask for what is missing, note how it went, for ever."""
        await self.units.write(lambda work: scheduling.start_schedules(work=work))
        await self.units.write(lambda work: recall.resume(work=work))
        while True:
            await self.collect_step()
            await _pause(LOOKS_S)

    async def collect_step(self) -> None:
        """Begin the reads that are due; each is noted when it is answered, and marks nothing by itself."""
        if len(self._reading) >= READS_AT_ONCE or not await self.units.read(_is_due):
            return
        for read in await self.units.write(_plan_and_ask):
            task = asyncio.create_task(self._collect_one(read))
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)

    async def look_after_clocks(self) -> None:
        """Read the clock of every meter and terminal once a day, for ever."""
        seen = ""
        while True:
            if (now_seen := await self.units.read(lambda work: clocks.registry_seen(work=work))) != seen:
                await self.units.write(lambda work: clocks.enrol(work=work))
                seen = now_seen
            await self.clock_step()
            await _pause(LOOKS_S)

    async def clock_step(self) -> None:
        """Begin to read some clocks that are due; at most so many links are asked for theirs at once."""
        if self._clocks or not await self.units.read(lambda work: clocks.is_due(work=work)):
            return
        asked = asyncio.Semaphore(CLOCKS_AT_ONCE)
        for asking in await self.units.write(lambda work: clocks.due_reads(work=work)):
            task = asyncio.create_task(self._read_clocks(asking, asked))
            self._clocks.add(task)
            task.add_done_callback(self._clocks.discard)

    async def command(self) -> None:
        """Carry out commands and read back what they did, for ever."""
        await self.units.write(lambda work: control.resume(work=work))
        while True:
            self.ordered.clear()
            await self.command_step()
            await _pause(LOOKS_S, unless=self.ordered)

    async def command_step(self) -> None:
        """Send what may be sent, each exactly once; read back what is due."""
        if not await self.units.read(lambda work: work.commands.in_state(*WAITED_FOR, limit=1)):
            return
        sent = await self.units.write(lambda work: control.send_due(work=work))
        await self._for_each(sent, control.record_answer)
        due = await self.units.write(lambda work: control.read_backs_due(work=work))
        await self._for_each(due, control.record_read_back)

    async def _collect_one(self, read: Read) -> None:
        async with self._turns.setdefault(read.terminal, asyncio.Lock()):
            answer = await self.front.carry_out(read)
        await self.units.write(lambda work: collection.record_answers(work=work, answers=[(read, answer)]))

    async def _read_clocks(self, asking: clocks.Asking, asked: asyncio.Semaphore) -> None:
        async with asked:
            answer = await self.front.carry_out(asking.read)
        await self.units.write(lambda work: clocks.record_clocks(work=work, asking=asking, answer=answer))

    async def _for_each(self, tasks: Sequence[tuple[Command, AnyTask]], record: Callable[..., Command]) -> None:
        async with asyncio.TaskGroup() as group:
            for command, task in tasks:
                group.create_task(self._command_one(command, task, record))

    async def _command_one(self, command: Command, task: AnyTask, record: Callable[..., Command]) -> None:
        answer = await self.front.carry_out(task)
        await self.units.write(partial(_record, record=record, id=command.id, answer=answer))


def _prepare(work: Any, *, entries: Sequence[LogEntry], stream: str) -> Loaded:
    """Read entries beside the writer; one that nobody can read is kept beside the lake, loudly, and holds up none after it."""
    batches, events = list[tuple[int, bytes]](), list[DeviceEvent]()
    for entry in entries:
        try:
            if entry.part == EVENTS:
                events.extend(decode_events(entry.data))
            else:
                ingest.read_batch(entry.data)
                batches.append((entry.sequence, entry.data))
        except (Invalid, msgspec.MsgspecError, RecursionError) as cause:
            file = work.lake.root / "unreadable" / f"{stream}-{work.collection.log_epoch(stream=stream)}-{entry.sequence:012d}"
            write_durably(file, entry.data)
            log.error(
                "an entry of the log cannot be read", stream=stream, part=entry.part, kept=str(file), reason=str(cause)[:200]
            )
    if not batches:
        return None, [], events
    index, _ = work.collection.index()
    prepared = ingest.prepare(batches, index=index, schedules=work.collection.every_schedule())
    return prepared, ingest.write(prepared, lake=work.lake, epoch=work.collection.log_epoch(stream=stream)), events


def _commit(work: Any, *, entries: Sequence[LogEntry], loaded: Loaded, stream: str) -> None:
    prepared, files, events = loaded
    if entries[0].sequence <= work.collection.position(stream=stream):
        raise Conflict(f"log {stream}: {entries[0].sequence} was applied before")
    if prepared is not None:
        ingest.commit(work=work, prepared=prepared, files=files, stream=stream)
    collection.record_events(work=work, events=events)
    work.collection.set_position(stream=stream, sequence=entries[-1].sequence)
    work.changed("readings")
    work.changed("collection")


def _is_due(work: Any) -> bool:
    return scheduling.is_due(work=work) or collection.is_due(work=work)


def _plan_and_ask(work: Any) -> list[Read]:
    scheduling.apply_due(work=work)
    collection.plan_days(work=work)
    return collection.due_reads(work=work)


def _record(work: Any, *, record: Callable[..., Command], id: str, answer: Answer) -> None:
    record(work=work, id=id, answer=answer)


async def _pause(seconds: float, *, unless: asyncio.Event | None = None) -> None:
    """Let machine time pass, or less when an event comes."""
    try:
        async with asyncio.timeout(seconds):
            await (unless or asyncio.Event()).wait()
    except TimeoutError:
        return
