"""A node: one system's books, capabilities and connection, wherever it runs. One thread writes; many may read."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from metropool.core.clock import Clock
from metropool.core.errors import NotFound
from metropool.core.identifiers import IdSource, PartyId, SystemId
from metropool.exchange import batches, evidence, outbox
from metropool.exchange.capability import Adapter, Capability
from metropool.exchange.envelope import Envelope
from metropool.exchange.evidence import Evidence, Listing
from metropool.exchange.messages import Message
from metropool.exchange.outbox import Outbox
from metropool.exchange.ports import Delivery
from metropool.exchange.ways import Way
from metropool.plan.compiled import Route
from metropool.runtime import chains, intake, workers
from metropool.runtime.callers import Callers
from metropool.runtime.lasting import MISSING
from metropool.runtime.letters import Letter, envelope_of, taking, why_not
from metropool.runtime.presence import Neighbours
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
        books: Name to adapter of the five books, whose tables are ``tables``.
        listing: What the running plan says of letters, for their evidence.
        wake: Set when a unit was committed: the relay has something to look at.
        uncovered, unsigned: Set when something was noted that no signed root covers yet; what keeps it from being signed, if anything.
        passes: Phrase to where it goes on, of what this system is told and did not begin.
        ways: Everything the running plan lets this system say and hear; what comes in is held to it.
        neighbours: Those that it exchanges letters with, and when each was last heard to be there.
        callers: Its own software at its door.
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
    listing: Listing = field(default_factory=Listing)
    passes: Mapping[str, Sequence[Route]] = field(default_factory=dict)
    ways: Sequence[Way] = ()
    _writer: ThreadPoolExecutor = field(init=False)
    _readers: ThreadPoolExecutor = field(init=False)
    _pages: set["asyncio.Queue[str]"] = field(default_factory=set)
    neighbours: Neighbours = field(init=False)
    callers: Callers = field(default_factory=Callers)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    uncovered: asyncio.Event = field(default_factory=asyncio.Event)
    unsigned: Exception | None = None

    def __post_init__(self) -> None:
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"{self.system}-writer")
        self._readers = ThreadPoolExecutor(max_workers=4, thread_name_prefix=f"{self.system}-reader")
        ends = {end for way in self.ways for end in (way.sender, way.receiver)}
        self.neighbours = Neighbours(frozenset(ends - {str(self.system)}))
        own = (outbox, batches, evidence, lake_room, workers, chains)
        rooms = [*(room.metadata for room in own), *self.tables]
        for host in self.hosted.values():
            rooms.extend(host.capability.tables)
        self.database.create(rooms)

    @property
    def hosts(self) -> frozenset[str]:
        """Names of the capabilities placed here."""
        return frozenset(self.hosted)

    async def write(self, capability: str, operation: Callable[[Any], T]) -> T:
        """Run ``operation(work)`` as one unit of work and wake whoever waits for its effects."""
        result, topics = await self.on_writer(partial(self.write_now, capability, operation))
        self.committed(topics)
        return result

    def write_now(self, capability: str, operation: Callable[[Any], T]) -> tuple[T, list[str]]:
        """The same on the calling thread, which must be the only one that writes; returns the changed topics too."""
        with self.database.unit() as connection:
            work = self.work(capability, self.context(connection))
            return operation(work), work.topics

    async def read(self, capability: str, query: Callable[[Any], T]) -> T:
        """Run ``query(work)`` on a consistent view that changes nothing."""
        return await self.on_reader(partial(self.read_now, capability, query))

    def read_now(self, capability: str, query: Callable[[Any], T]) -> T:
        """The same on the calling thread."""
        with self.database.snapshot() as connection:
            return query(self.work(capability, self.context(connection)))

    def committed(self, topics: Sequence[str]) -> None:
        """A unit was committed: the relay has something to look at, open pages too."""
        self.wake.set()
        self.uncovered.set()
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
        """Take one message in, once in effect; park what cannot be taken in, with its reason. Either leaves its evidence.

        Raises:
            Unavailable, OSError, MemoryError: What it depends on is not there; nothing was changed, and it is no fault of the letter.
        """
        is_read = False
        try:
            letter, is_read = intake.read_in(self, delivery), True
            await self.take_in([letter])
        except Exception as fault:  # a letter of somebody's software must not stop a system; replayed once we are better
            if is_read and isinstance(fault, MISSING):
                raise
            envelope = envelope_of(delivery, self.system, at=self.clock.now())
            await self.park(delivery, envelope, why_not(fault, delivery, self.system))

    async def receive_all(self, deliveries: Sequence[Delivery]) -> None:
        """Take messages in under one commit: each, or, when one of them cannot be taken in, none.

        Raises:
            Exception: What stopped one of them; take them in one by one.
        """
        await self.take_in([intake.read_in(self, delivery) for delivery in deliveries])

    async def take_in(self, letters: Sequence[Letter]) -> None:
        """Take letters in under one commit, each once in effect: all, or none where one cannot be."""
        if letters:
            self.committed(await self.on_writer(partial(intake.take_in, self, letters)))
        for letter in letters:
            await letter.delivery.done()

    def taking(self, kind: type[Message]) -> tuple[str, ...]:
        """The capabilities here that take a class of message.

        Raises:
            Invalid: None does.
        """
        return taking(kind, self.system, self.hosted)

    async def has_room(self) -> bool:
        """Whether everything hosted here can take more in; asked before more is fetched."""
        asked = [(name, host.capability.has_room) for name, host in self.hosted.items()]
        return all([await self.read(name, lambda work, ask=ask: ask(work=work)) for name, ask in asked if ask is not None])  # type: ignore[misc]

    async def park(self, delivery: Delivery, envelope: Envelope, reason: str) -> None:
        """Keep what cannot be taken in, with the reason; the envelope stands for bytes that are none."""
        await self.on_writer(partial(intake.park, self, delivery, envelope, reason))
        self.committed(["parked"])
        await delivery.done()

    def unsent(self, *, limit: int, receiver: str = "") -> list[tuple[int, Envelope]]:
        """What the relay has to deliver, to one receiver or to all."""
        with self.database.snapshot() as connection:
            return Outbox(connection).unsent(limit=limit, receiver=receiver)

    def awaited_by(self) -> list[str]:
        """Whom the relay has to deliver something to."""
        with self.database.snapshot() as connection:
            return Outbox(connection).receivers()

    async def mark_sent(self, receipts: Sequence[tuple[int, int]]) -> None:
        """Keep the receivers' receipts (number, position in the receiver's stream), and evidence of each letter."""

        def mark() -> None:
            with self.database.unit() as connection:
                context = self.context(connection)
                Evidence(context, self.listing).sent(Outbox(connection).mark_sent(dict(receipts), now=context.now))

        await self.on_writer(mark)
        self.uncovered.set()

    async def on_writer(self, call: Callable[[], T]) -> T:
        """Run something on the writer thread, between units."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, call)

    async def on_reader(self, call: Callable[[], T]) -> T:
        """Run something that only reads, beside the writer."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, call)

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

    def work(self, capability: str, context: UnitContext, *, letter: Envelope | None = None) -> Work:
        """What a capability is handed in an open unit; ``NotFound`` where the plan does not place it here."""
        host = self.hosted.get(capability)
        if host is None:
            raise NotFound(f"the running plan places no {capability} on {self.system}")
        return Work(
            context=context,
            capability=host.capability,
            rows=host.rows,
            books=self.books,
            routes=self.routes,
            letter=letter,
            ways=self.ways,
            listing=self.listing,
            hosted=self.hosted,
        )
