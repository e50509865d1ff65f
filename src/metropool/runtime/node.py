"""A node: one system's books, capabilities and connection, wherever it runs. One thread writes; many may read."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from metropool.core.clock import Clock
from metropool.core.errors import Invalid, NotFound
from metropool.core.identifiers import IdSource, PartyId, SystemId
from metropool.exchange import evidence, outbox
from metropool.exchange.capability import Adapter, Capability
from metropool.exchange.envelope import Envelope, rows_of
from metropool.exchange.evidence import Evidence, Listing
from metropool.exchange.messages import Message, check_where
from metropool.exchange.outbox import Inbox, Outbox
from metropool.exchange.ports import Delivery
from metropool.plan.compiled import Route
from metropool.runtime import chains, workers
from metropool.runtime.letters import Letter, envelope_of, first_of_each, read_letter, taking
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
        listing: What the running plan says of letters, for their evidence.
        wake: Set when a unit was committed: the relay has something to look at.
        uncovered: Set when something was noted that no signed root covers yet.
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
    listing: Listing = field(default_factory=Listing)
    heard: Mapping[tuple[str, str], Sequence[Mapping[str, str]]] = field(default_factory=dict)
    _writer: ThreadPoolExecutor = field(init=False)
    _readers: ThreadPoolExecutor = field(init=False)
    _pages: set["asyncio.Queue[str]"] = field(default_factory=set)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    uncovered: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"{self.system}-writer")
        self._readers = ThreadPoolExecutor(max_workers=4, thread_name_prefix=f"{self.system}-reader")
        rooms = [outbox.metadata, evidence.metadata, lake_room.metadata, workers.metadata, chains.metadata, *self.tables]
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
        """Take one message in, once in effect; park what cannot be understood, with its reason. Either leaves its evidence."""
        try:
            await self.take_in([self._read(delivery)])
        except (Invalid, NotFound) as reason:
            await self.park(delivery, envelope_of(delivery, self.system, at=self.clock.now()), str(reason))

    async def receive_all(self, deliveries: Sequence[Delivery]) -> None:
        """Take messages in under one commit: each, or, when one of them cannot be taken in, none.

        Raises:
            Exception: What stopped one of them; take them in one by one.
        """
        await self.take_in([self._read(delivery) for delivery in deliveries])

    async def take_in(self, letters: Sequence[Letter]) -> None:
        """Take letters in under one commit, each once in effect: all, or none where one cannot be."""
        if letters:
            self.committed(await self.on_writer(partial(self._handle, letters)))
        for letter in letters:
            await letter.delivery.done()

    def taking(self, kind: type[Message]) -> tuple[str, ...]:
        """The capabilities here that take a class of message.

        Raises:
            Invalid: None does.
        """
        return taking(kind, self.system, self.hosted)

    def _read(self, delivery: Delivery) -> Letter:
        letter = read_letter(delivery, self.system, self.hosted)
        check_where(letter.message, self.heard.get((letter.envelope.sender, letter.envelope.phrase), ()))
        return letter

    def _handle(self, letters: Sequence[Letter]) -> list[str]:
        topics: list[str] = []
        with self.database.unit() as connection:
            context = self.context(connection)
            each = first_of_each(letters)
            new = Inbox(connection).first_times(((of.envelope, of.delivery.data) for of in each.values()), now=context.now)
            fresh = [letter for name, letter in each.items() if name in new]
            Evidence(context, self.listing).received((letter.came for letter in fresh), outcome="taken")
            for letter in fresh:
                for name in letter.taking:
                    work = self.work(name, context, cause=letter.envelope.id, sender=letter.envelope.sender)
                    self.hosted[name].capability.consumes[type(letter.message)](work=work, message=letter.message)
                    topics.extend(work.topics)
        return topics

    async def park(self, delivery: Delivery, envelope: Envelope, reason: str) -> None:
        """Keep what cannot be taken in, with the reason; the envelope stands for bytes that are none."""

        def park() -> None:
            with self.database.unit() as connection:
                context = self.context(connection)
                if Inbox(connection).park(envelope, delivery.data, reason=reason, now=context.now):
                    came = [(envelope, delivery.data, delivery.position, rows_of(envelope))]
                    Evidence(context, self.listing).received(came, outcome="parked")

        await self.on_writer(park)
        self.uncovered.set()
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

    def work(self, capability: str, context: UnitContext, *, cause: str = "", sender: str = "") -> Work:
        """What a capability placed here is handed in an open unit."""
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
            sender_party=self.listing.parties.get(sender, ""),
            hosted=self.hosted,
        )
