"""Loops that touch the outside between units of work: take in the log, collect, carry out commands, keep the front end told.

Each is one coroutine the runtime starts beside a node that hosts metering. ``units`` runs operations as units of work; what a
loop does outside follows only from rows that survived a commit, so it may be killed at any point.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Protocol, TypeVar

from metropool.capabilities.metering.collection import ingest
from metropool.capabilities.metering.collection import operations as collection
from metropool.capabilities.metering.control import operations as control
from metropool.capabilities.metering.frontend.tasks import Answer, Contact, DeviceEvent, Forward, Read, decode_events
from metropool.capabilities.metering.ports import FrontEnd, LogReader
from metropool.core.clock import Clock
from metropool.core.errors import Conflict, Unavailable
from metropool.facts.commands import Command

T = TypeVar("T")
READINGS, EVENTS = "readings", "events"
BATCHES, TAKES = 512, timedelta(seconds=1)
READS_AT_ONCE = 256
LOOKS = timedelta(seconds=30)
HEARTBEAT_S = 60


class Units(Protocol):
    """Runs operations of metering on its node; ``runtime`` binds it to ``Node.write`` and ``Node.read``."""

    async def write(self, operation: Callable[[Any], T]) -> T: ...
    async def read(self, query: Callable[[Any], T]) -> T: ...


@dataclass(frozen=True)
class Attendants:
    """The loops of one node.

    Attributes:
        units: Runs operations.
        front: The front end, across the zone border.
        clock: Business time.
    """

    units: Units
    front: FrontEnd
    clock: Clock

    async def take_in_readings(self, log: LogReader) -> None:
        """Bring measured batches from the log into the lake, exactly once, for ever."""
        position = await self.units.read(lambda work: work.collection.position(stream=READINGS))
        while True:
            batches = ingest.not_yet_applied(await log.fetch(after=position, limit=BATCHES), position=position)
            if not batches:
                continue
            try:
                await self.take_in(batches)
                position = batches[-1][0]
            except Conflict:
                position = await self.units.read(lambda work: work.collection.position(stream=READINGS))

    async def take_in(self, batches: Sequence[tuple[int, bytes]]) -> None:
        """One run of batches: prepared and written on a reading thread, then one unit.

        Raises:
            Conflict: Some of them were applied before.
        """

        def prepare(work: Any) -> tuple[ingest.Prepared, list[Any]]:
            index, _ = work.collection.index()
            prepared = ingest.prepare(batches, index=index, schedules=work.collection.schedules())
            return prepared, ingest.write(prepared, lake=work.lake)

        prepared, files = await self.units.read(prepare)
        await self.units.write(lambda work: ingest.commit(work=work, prepared=prepared, files=files, stream=READINGS))

    async def take_in_events(self, log: LogReader) -> None:
        """Bring end-device events from their log into the book of events, for ever."""
        position = await self.units.read(lambda work: work.collection.position(stream=EVENTS))
        while True:
            batches = await log.fetch(after=position, limit=BATCHES)
            for sequence, data in batches:
                await self.units.write(partial(_take_events, events=decode_events(data), sequence=sequence))
                position = sequence

    async def collect(self) -> None:
        """Plan days, ask for what is missing, note how it went, for ever."""
        await self.units.write(lambda work: collection.start_schedules(work=work))
        running: set[asyncio.Task[None]] = set()
        at_once = asyncio.Semaphore(READS_AT_ONCE)
        while True:
            reads, due = await self.units.write(_collect_step)
            for read in reads:
                task = asyncio.create_task(self._collect_one(read, at_once))
                running.add(task)
                task.add_done_callback(running.discard)
            now = self.clock.now()
            wait_s = min(max(due - now.timestamp(), 1.0), 900.0) if due is not None else 60.0
            await self.clock.sleep_until(now + timedelta(seconds=wait_s))

    async def introduce(self) -> None:
        """Keep the front end told who exists, and ourselves who is connected, for ever."""
        while True:
            book = await self.units.read(lambda work: work.collection.address_book(heartbeat_s=HEARTBEAT_S))
            try:
                await self.front.introduce(book)
                contacts = await self.front.contacts()
            except Unavailable:
                contacts = []
            if contacts:
                await self.units.write(partial(_record_contacts, contacts=contacts))
            await self.clock.sleep_until(self.clock.now() + LOOKS)

    async def command(self) -> None:
        """Carry out commands and read back what they did, for ever."""
        await self.units.write(lambda work: control.resume(work=work))
        while True:
            await self.command_step()
            await self.clock.sleep_until(self.clock.now() + TAKES)

    async def command_step(self) -> None:
        """Send what may be sent, read back what is due."""
        sent = await self.units.write(lambda work: control.send_due(work=work))
        await self._for_each(sent, control.record_answer)
        due = await self.units.write(lambda work: control.read_backs_due(work=work))
        await self._for_each(due, control.record_read_back)

    async def _collect_one(self, read: Read, at_once: asyncio.Semaphore) -> None:
        async with at_once:
            answer = await self._carry_out(read)
        await self.units.write(lambda work: collection.record_answers(work=work, answers=[(read, answer)]))

    async def _for_each(self, tasks: Sequence[tuple[Command, Forward | Read]], record: Callable[..., Command]) -> None:
        async def one(command: Command, task: Forward | Read) -> None:
            answer = await self._carry_out(task)
            await self.units.write(lambda work: record(work=work, id=command.id, answer=answer))

        async with asyncio.TaskGroup() as group:
            for command, task in tasks:
                group.create_task(one(command, task))

    async def _carry_out(self, task: Forward | Read) -> Answer:
        """A task's answer; when the front end itself cannot be reached, the task may or may not have been done."""
        try:
            return await self.front.carry_out(task)
        except Unavailable as cause:
            return Answer(task=task.id, result="lost", at=int(self.clock.now().timestamp() * 1000), detail=cause.what)


def _collect_step(work: Any) -> tuple[list[Read], int | None]:
    collection.plan_days(work=work)
    return collection.due_reads(work=work), collection.next_reads_due(work=work)


def _record_contacts(work: Any, *, contacts: Sequence[Contact]) -> None:
    collection.record_contacts(work=work, contacts=contacts)
    work.changed("terminals")


def _take_events(work: Any, *, events: Sequence[DeviceEvent], sequence: int) -> None:
    if sequence > work.collection.position(stream=EVENTS):
        collection.record_events(work=work, events=events)
        work.collection.set_position(stream=EVENTS, sequence=sequence)
        work.changed("events")
