"""A node: one system's books, capabilities and connection, wherever it runs. One thread writes; many may read."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from metropool.core.clock import Clock
from metropool.core.errors import Invalid, NotFound
from metropool.core.identifiers import IdSource, PartyId, SystemId
from metropool.exchange import outbox
from metropool.exchange.capability import Adapter, Capability
from metropool.exchange.envelope import Envelope, from_bytes, open_envelope
from metropool.exchange.messages import check_where
from metropool.exchange.outbox import Inbox, Outbox
from metropool.exchange.ports import Delivery
from metropool.plan.compiled import Route
from metropool.runtime import chains, workers
from metropool.runtime.work import Work
from metropool.storage import lake as lake_room
from metropool.storage.database import Database
from metropool.storage.lake import Lake
from metropool.storage.units import UnitContext

T = TypeVar("T")
PAGE_QUEUE = 64


@dataclass(frozen=True)
class Hosted:
    """A capability as a plan placed it: with the rows it is for."""

    capability: Capability
    rows: tuple[str, ...]


@dataclass
class Node:
    """One system at work.

    Attributes:
        system: Its name in the plan.
        party: The organisation that runs it.
        hosted: Capability name to what the plan placed here.
        routes: Message class name to where the plan lets it go.
        books: Name to adapter of the five books.
        tables: Tables of the books.
        heard: Sender and phrase to what may be spoken of that way: any of these wheres; what is not listed is not held to one.
    """

    system: SystemId
    party: PartyId
    database: Database
    lake: Lake
    clock: Clock
    ids: IdSource
    hosted: Mapping[str, Hosted]
    routes: Mapping[str, Sequence[Route]]
    books: Mapping[str, Adapter]
    tables: Sequence[Any] = ()
    heard: Mapping[tuple[str, str], Sequence[Mapping[str, str]]] = field(default_factory=dict)
    _writer: ThreadPoolExecutor = field(init=False)
    _readers: ThreadPoolExecutor = field(init=False)
    _pages: set["asyncio.Queue[str]"] = field(default_factory=set)
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"{self.system}-writer")
        self._readers = ThreadPoolExecutor(max_workers=4, thread_name_prefix=f"{self.system}-reader")
        rooms = [outbox.metadata, lake_room.metadata, workers.metadata, chains.metadata, *self.tables]
        for host in self.hosted.values():
            rooms.extend(host.capability.tables)
        self.database.create(rooms)

    @property
    def hosts(self) -> frozenset[str]:
        """Names of the capabilities placed here."""
        return frozenset(self.hosted)

    async def write(self, capability: str, operation: Callable[[Any], T]) -> T:
        """Run ``operation(work)`` as one unit of work and wake whoever waits for its effects."""
        loop = asyncio.get_running_loop()
        result, topics = await loop.run_in_executor(self._writer, self.write_now, capability, operation)
        self.committed(topics)
        return result

    def write_now(self, capability: str, operation: Callable[[Any], T]) -> tuple[T, list[str]]:
        """The same on the calling thread, which must be the only one that writes; returns the changed topics too."""
        with self.database.unit() as connection:
            work = self._work(capability, self.context(connection))
            return operation(work), work.topics

    async def read(self, capability: str, query: Callable[[Any], T]) -> T:
        """Run ``query(work)`` on a consistent view that changes nothing."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read_now, capability, query)

    def read_now(self, capability: str, query: Callable[[Any], T]) -> T:
        """The same on the calling thread."""
        with self.database.snapshot() as connection:
            return query(self._work(capability, self.context(connection)))

    def committed(self, topics: Sequence[str]) -> None:
        """A unit was committed: the relay has something to look at, open pages too."""
        self.wake.set()
        for topic in dict.fromkeys(topics):
            for queue in self._pages:
                with suppress(asyncio.QueueFull):
                    queue.put_nowait(topic)

    async def changes(self) -> AsyncIterator[str]:
        """Topics that changed, as they change; a reader that does not keep up misses some and should look anew."""
        queue: asyncio.Queue[str] = asyncio.Queue(maxsize=PAGE_QUEUE)
        self._pages.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._pages.discard(queue)

    async def receive(self, delivery: Delivery) -> None:
        """Take one message in, once in effect; park what cannot be understood, with its reason."""
        try:
            envelope = from_bytes(delivery.data)
            if (envelope.sender, envelope.phrase, envelope.receiver) != (delivery.sender, delivery.phrase, self.system):
                raise Invalid(f"the envelope names {envelope.sender}, the broker {delivery.sender}")
        except Invalid as reason:
            await self._park(_unreadable(delivery, self), str(reason))
        else:
            await self._take_in(envelope)
        await delivery.done()

    async def _take_in(self, envelope: Envelope) -> None:
        try:
            message = open_envelope(envelope)
            check_where(message, self.heard.get((envelope.sender, envelope.phrase), ()))
            taking = [name for name, host in self.hosted.items() if type(message) in host.capability.consumes]
            if not taking:
                raise Invalid(f"nothing hosted on {self.system} takes {envelope.kind}")
            loop = asyncio.get_running_loop()
            self.committed(await loop.run_in_executor(self._writer, self._handle, taking, envelope, message))
        except (Invalid, NotFound) as reason:
            await self._park(envelope, str(reason))

    def _handle(self, taking: Sequence[str], envelope: Envelope, message: Any) -> list[str]:
        with self.database.unit() as connection:
            context = self.context(connection)
            if not Inbox(connection).first_time(envelope, now=context.now):
                return []
            topics: list[str] = []
            for name in taking:
                work = self._work(name, context, cause=envelope.id, sender=envelope.sender)
                self.hosted[name].capability.consumes[type(message)](work=work, message=message)
                topics.extend(work.topics)
            return topics

    async def _park(self, envelope: Envelope, reason: str) -> None:
        def park() -> None:
            with self.database.unit() as connection:
                Inbox(connection).park(envelope, reason=reason, now=self.clock.now())

        await asyncio.get_running_loop().run_in_executor(self._writer, park)

    def unsent(self, *, limit: int) -> list[tuple[int, Envelope]]:
        """What the relay has to deliver."""
        with self.database.snapshot() as connection:
            return Outbox(connection).unsent(limit=limit)

    async def mark_sent(self, receipts: Sequence[tuple[int, int]]) -> None:
        """Keep the receivers' receipts."""

        def mark() -> None:
            with self.database.unit() as connection:
                Outbox(connection).mark_sent(receipts, now=self.clock.now())

        await asyncio.get_running_loop().run_in_executor(self._writer, mark)

    async def on_writer(self, call: Callable[[], T]) -> T:
        """Run something on the writer thread, between units."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, call)

    def sweep(self) -> list[str]:
        """Remove lake files that no row lists and return their paths; on the writer thread, before anything else writes."""
        with self.database.snapshot() as connection:
            return self.lake.sweep(connection)

    def close(self) -> None:
        """Finish what is being written and close the books."""
        self._writer.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        self.database.close()

    def context(self, connection: Any) -> UnitContext:
        """What an adapter is given to act in an open unit of this node."""
        return UnitContext(
            connection=connection, now=self.clock.now(), lake=self.lake, system=self.system, party=self.party, ids=self.ids
        )

    def _work(self, capability: str, context: UnitContext, *, cause: str = "", sender: str = "") -> Work:
        host = self.hosted.get(capability)
        if host is None:
            raise NotFound(f"the running plan places no {capability} on {self.system}")
        return Work(
            context=context,
            capability=host.capability,
            rows=host.rows,
            books=self.books,
            routes=self.routes,
            cause=cause,
            sender=sender,
        )


def _unreadable(delivery: Delivery, node: Node) -> Envelope:
    """An envelope for bytes that are none, so that they can be parked."""
    return Envelope(
        id=f"unreadable-{node.system}-{delivery.position}",
        phrase=delivery.phrase,
        kind="?",
        version=0,
        sender=delivery.sender,
        receiver=node.system,
        at=node.clock.now(),
        body=delivery.data,
    )
