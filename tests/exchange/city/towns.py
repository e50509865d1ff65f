"""Nodes that speak and listen at the brokers of a plan, and a line between two brokers that can be cut."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import func, select

from exchange.city.cities import HOST, Brokers
from metropool.access.tables import metadata as access_tables
from metropool.core.clock import SystemClock
from metropool.core.identifiers import PartyId, RandomIds, SystemId
from metropool.exchange.capability import Capability
from metropool.exchange.evidence import Evidence, Listing
from metropool.exchange.evidence.tables import evidence
from metropool.exchange.jetstream import JetStreamExchange
from metropool.exchange.messages import ROWS, PaymentStatusTold
from metropool.exchange.outbox import Outbox, inbox
from metropool.plan.broker import plan_broker
from metropool.plan.compiled import Route
from metropool.plan.schema import Letter
from metropool.runtime.broker import seed_of
from metropool.runtime.broker_place import broker_tls
from metropool.runtime.node import Hosted, Node
from metropool.runtime.relay import relay_in, relay_out
from metropool.storage.database import open_database
from metropool.storage.lake import Lake

NOW = datetime(2026, 7, 1, tzinfo=UTC)
PHRASE = "payment_status"


def status_of(account: str) -> PaymentStatusTold:
    row = {"account_number": account, "status": "paid", "as_of": NOW}
    return PaymentStatusTold(rows=pa.Table.from_pylist([row], schema=ROWS[PaymentStatusTold]))


@dataclass(frozen=True)
class Town:
    """As much of a compiled plan as brokers need: systems, who tells whom, which broker has whom."""

    ways: tuple[tuple[str, str], ...]
    brokers: dict[str, tuple[str, ...]]

    @property
    def letters(self) -> list[Letter]:
        return [Letter(sender, PHRASE, receiver) for sender, receiver in self.ways]

    @property
    def systems(self) -> dict[str, Any]:
        return {}

    @property
    def broker(self):
        systems = dict.fromkeys(system for way in self.ways for system in way)
        return plan_broker(nodes=dict.fromkeys(systems), letters=self.letters)


def open_town_node(home: Path, system: str, town: Town, heard: list[str] | None = None) -> Node:
    """A node that tells everyone its town lets it, and notes the accounts it is told of in their order."""

    def take(*, work: object, message: PaymentStatusTold) -> None:
        if heard is not None:
            heard.extend(message.rows["account_number"].to_pylist())

    capability = Capability(name="talk", consumes={PaymentStatusTold: take}, produces=(PaymentStatusTold,))
    routes = tuple(
        Route(phrase=PHRASE, receiver=SystemId(receiver), receiver_party=PartyId(receiver))
        for sender, receiver in town.ways
        if sender == system
    )
    return Node(
        system=SystemId(system),
        party=PartyId(system),
        database=open_database(f"sqlite:///{home / system}", schema=system),
        lake=Lake(root=home / system / "lake"),
        clock=SystemClock(),
        ids=RandomIds(),
        hosted={"talk": Hosted(capability=capability, rows=())},
        routes={"PaymentStatusTold": routes},
        books={},
        tables=(access_tables,),
        listing=Listing(plan="town", parties={name: name for way in town.ways for name in way}),
    )


@dataclass
class Served:
    """A node at work, and what it heard."""

    node: Node
    exchange: JetStreamExchange
    heard: list[str] = field(default_factory=list)

    async def tell(self, *accounts: str, to: str | None = None) -> None:
        for account in accounts:
            await self.node.write("talk", lambda work, account=account: work.tell(status_of(account), key=account, to=to))

    async def tell_together(self, *accounts: str) -> None:
        """Tell many letters in one unit."""

        def tell(work: Any) -> None:
            for account in accounts:
                work.tell(status_of(account), key=account)

        await self.node.write("talk", tell)

    def waiting(self) -> int:
        with self.node.database.snapshot() as connection:
            return Outbox(connection).waiting()

    def taken(self) -> int:
        """How many letters its inbox took; each has its evidence."""
        with self.node.database.snapshot() as connection:
            letters = connection.execute(select(func.count()).select_from(inbox)).scalar_one()
            records = connection.execute(
                select(func.count()).select_from(evidence).where(evidence.c.direction == "received")
            ).scalar_one()
            assert letters == records
            assert Evidence(self.node.context(connection)).examine()[1] is None
            return int(letters)


@asynccontextmanager
async def served(brokers: Brokers, town: Town, *systems: str) -> AsyncIterator[dict[str, Served]]:
    """Nodes of a town, their relays running."""
    home, found = brokers.settings.home, dict[str, Served]()
    async with AsyncExitStack() as stack:
        for system in systems:
            heard: list[str] = []
            node = open_town_node(home, system, town, heard)
            stack.callback(node.close)
            seed = seed_of(home, account=system, user=system)
            exchange = await JetStreamExchange.open(
                brokers.url(system), system=system, seed=seed, tls=broker_tls(brokers.settings)
            )
            stack.push_async_callback(exchange.close)
            found[system] = Served(node=node, exchange=exchange, heard=heard)
            stack.push_async_callback(begin(relay_out(node, exchange), relay_in(node, exchange)))
        yield found


def begin(*work: Coroutine[Any, Any, None]) -> Callable[[], Awaitable[None]]:
    """Run work; what is returned ends it."""
    tasks = [asyncio.ensure_future(each) for each in work]

    async def end() -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    return end


class Line:
    """A TCP line from a port to the same port of another address, that can be cut: what is under way is lost, nobody is let
    through until it is mended."""

    def __init__(self, port: int, *, to: str) -> None:
        self._port = port
        self._to = to
        self._open: set[asyncio.StreamWriter] = set()
        self.is_cut = False

    async def __aenter__(self) -> "Line":
        self._server = await asyncio.start_server(self._carry, HOST, self._port)
        return self

    async def __aexit__(self, *_why: object) -> None:
        self.cut()
        self._server.close()

    def cut(self) -> None:
        self.is_cut = True
        for writer in self._open:
            writer.transport.abort()

    def mend(self) -> None:
        self.is_cut = False

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(self._to, self._port)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, far_writer}
        with suppress(OSError):
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        self._open -= {writer, far_writer}


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    writer.close()


async def eventually(question: Callable[[], bool], within_s: float = 30) -> None:
    """Wait for something that others do."""
    until = time.monotonic() + within_s
    while not question():
        assert time.monotonic() < until
        await asyncio.sleep(0.05)
