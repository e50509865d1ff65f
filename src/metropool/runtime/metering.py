"""What keeps a node that hosts metering going: the log taken in, and its loops bound to the broker."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError

from metropool.capabilities.metering.collection import ingest, operations
from metropool.capabilities.metering.frontend import tasks
from metropool.capabilities.metering.frontend.tasks import AddressBook, Answer, Contact, DeviceEvent, Forward, Read
from metropool.core.errors import Conflict, Unavailable
from metropool.exchange.jetstream import JetStreamLog
from metropool.exchange.ports import LogEntry
from metropool.runtime.node import Node

T = TypeVar("T")
log = structlog.get_logger()
METERING = "metering"
BATCHES = 64
TASK_S, ASK_S = 60.0, 5.0


@dataclass(frozen=True)
class MeteringUnits:
    """Units of work of metering on one node."""

    node: Node

    async def write(self, operation: Callable[[Any], T]) -> T:
        """Run an operation as one unit."""
        return await self.node.write(METERING, operation)

    async def read(self, query: Callable[[Any], T]) -> T:
        """Run a query."""
        return await self.node.read(METERING, query)


@dataclass(frozen=True)
class RemoteFrontEnd:
    """The front end behind the broker, as its core asks it."""

    client: Client
    system: str

    async def introduce(self, book: AddressBook) -> None:
        """Tell which terminals and meters exist."""
        await self._ask("introduce", tasks.encode(book), timeout_s=ASK_S)

    async def carry_out(self, task: Read | Forward) -> Answer:
        """Do one task and say how it went."""
        return tasks.decode_answer(await self._ask("task", tasks.encode(task), timeout_s=TASK_S))

    async def contacts(self) -> Sequence[Contact]:
        """How terminals stand: what changed since the last asking."""
        return tasks.decode_contacts(await self._ask("contacts", b"", timeout_s=ASK_S))

    async def _ask(self, what: str, data: bytes, *, timeout_s: float) -> bytes:
        try:
            answer = await self.client.request(f"frontend.{self.system}.do.{what}", data, timeout=timeout_s)
        except (NatsError, TimeoutError, OSError) as cause:
            raise Unavailable(f"the front end does not answer: {cause or type(cause).__name__}") from cause
        return bytes(answer.data)


@dataclass(frozen=True)
class LogTaker:
    """Takes one node's log in: measured batches into the lake, device events into their book, exactly once by sequence."""

    node: Node
    client: Client

    @property
    def stream(self) -> str:
        """Name of the log."""
        return f"log_{self.node.system}"

    async def run(self) -> None:
        """For ever: many batches a commit; what is committed is marked done."""
        source = JetStreamLog(self.client, stream=self.stream, subject=f"log.{self.node.system}")
        while True:
            entries = await source.read(limit=BATCHES, wait_s=1.0)
            if entries:
                await self.take_in(entries)
                await source.done(entries[-1].sequence)

    async def take_in(self, entries: Sequence[LogEntry]) -> None:
        """One run of batches: prepared and written beside, then one unit; what was applied before has no effect."""
        position = await self.node.read(METERING, lambda work: work.collection.position(stream=self.stream))
        fresh = [entry for entry in entries if entry.sequence > position]
        if not fresh:
            return
        readings = [(entry.sequence, entry.data) for entry in fresh if entry.part != "events"]
        events = [event for entry in fresh if entry.part == "events" for event in tasks.decode_events(entry.data)]
        found = await self.node.read(METERING, lambda work: _prepare(work, readings)) if readings else None
        try:
            last = fresh[-1].sequence
            await self.node.write(METERING, lambda work: _commit(work, found, events, stream=self.stream, last=last))
        except Conflict as repeated:
            log.warning("log batch not taken in again", reason=str(repeated))


def _prepare(work: Any, batches: Sequence[tuple[int, bytes]]) -> tuple[ingest.Prepared, list[Any]]:
    index, _ = work.collection.index()
    prepared = ingest.prepare(batches, index=index, schedules=work.collection.schedules())
    return prepared, ingest.write(prepared, lake=work.lake)


def _commit(
    work: Any, found: tuple[ingest.Prepared, list[Any]] | None, events: Sequence[DeviceEvent], *, stream: str, last: int
) -> None:
    if found is not None:
        prepared, files = found
        ingest.commit(work=work, prepared=prepared, files=files, stream=stream)
    if events:
        operations.record_events(work=work, events=events)
        work.changed("alarms")
    work.collection.set_position(stream=stream, sequence=last)
    work.changed("readings")
    work.changed("collection")
