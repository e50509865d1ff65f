"""Two nodes that exchange letters in memory, their keys, and the file that proves what they exchanged."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from sqlalchemy import select

from metropool.access.tables import metadata as access_tables
from metropool.core.clock import VirtualClock
from metropool.core.identifiers import PartyId, SeededIds, SystemId
from metropool.exchange.capability import Capability
from metropool.exchange.evidence import Listing
from metropool.exchange.evidence.export import choose, section_lines
from metropool.exchange.evidence.objects import Asked
from metropool.exchange.evidence.tables import evidence
from metropool.exchange.memory import MemoryBroker
from metropool.exchange.messages import ROWS, PaymentStatusTold
from metropool.plan.compiled import Route
from metropool.runtime.evidence import cover
from metropool.runtime.node import Hosted, Node
from metropool.storage.database import open_database
from metropool.storage.lake import Lake
from metropool.storage.suites import ED25519, SigningKey, signing_key

NOW = datetime(2026, 7, 1, tzinfo=UTC)
ALLOWED = frozenset({("marketing", "payment_status", "metering")})
LISTING = Listing(
    plan="transition",
    parties={"marketing": "grid", "metering": "meter_operator"},
    rows={("marketing", "payment_status", "metering"): "2.9"},
)
LISTENER = Capability(name="listener", consumes={PaymentStatusTold: lambda *, work, message: None})
SPEAKER = Capability(name="speaker", produces=(PaymentStatusTold,))


def key_of(system: str) -> SigningKey:
    """A system's key, the same in each run."""
    return signing_key(ED25519, system.encode().hex().ljust(64, "0"))


def status_of(*accounts: str) -> PaymentStatusTold:
    rows = [{"account_number": account, "status": "paid", "as_of": NOW} for account in accounts]
    return PaymentStatusTold(rows=pa.Table.from_pylist(rows, schema=ROWS[PaymentStatusTold]))


def open_books(folder: Path, system: str, *, listing: Listing = LISTING) -> Node:
    """The node of ``marketing``, which speaks, or ``metering``, which listens."""
    capability = SPEAKER if system == "marketing" else LISTENER
    route = Route(phrase="payment_status", receiver=SystemId("metering"), receiver_party=PartyId("meter_operator"))
    return Node(
        system=SystemId(system),
        party=PartyId(LISTING.parties[system]),
        database=open_database(f"sqlite:///{folder / system}", schema=system),
        lake=Lake(root=folder / system / "lake"),
        clock=VirtualClock(NOW),
        ids=SeededIds(1),
        hosted={capability.name: Hosted(capability=capability, rows=())},
        routes={"PaymentStatusTold": (route,)},
        books={},
        tables=(access_tables,),
        listing=listing,
    )


def exchange(speaker: Node, listener: Node, *keys: str) -> None:
    """Tell a letter a key and carry all of them."""
    broker = MemoryBroker(allowed=ALLOWED, chance=SeededIds(1))

    async def carry() -> None:
        out, into = broker.exchange(speaker.system), broker.exchange(listener.system)
        for key in keys:
            speaker.write_now("speaker", lambda work, key=key: work.tell(status_of(key), key=key))
        for number, envelope in speaker.unsent(limit=1000):
            await speaker.mark_sent([(number, await out.deliver(envelope))])
        for delivery in await into.fetch(limit=1000, wait_s=0):
            await listener.receive(delivery)

    asyncio.run(carry())


def sign(*nodes: Node) -> None:
    """One root a node."""
    for node in nodes:
        cover(node, key_of(node.system))


def lines_of(*nodes: Node, **asked: object) -> list[bytes]:
    """The lines of an evidence file."""
    return list(_lines(*nodes, asked=Asked(**asked)))


def _lines(*nodes: Node, asked: Asked) -> Iterator[bytes]:
    contents = {}
    for node in nodes:
        with node.database.snapshot() as connection:
            contents[str(node.system)] = choose(connection, asked)
    assert None not in contents.values()
    for node in nodes:
        with node.database.snapshot() as connection:
            yield from section_lines(node.context(connection), key=key_of(node.system), asked=asked, contents=contents)


def records(node: Node) -> list[dict[str, object]]:
    """What the book of a node holds."""
    with node.database.snapshot() as connection:
        return [dict(row) for row in connection.execute(select(evidence).order_by(evidence.c.number)).mappings()]
