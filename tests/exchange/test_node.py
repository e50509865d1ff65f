"""Nodes keep books and messages in one commit: nothing told is lost, nothing heard counts twice, nothing unlisted arrives."""

import asyncio
from contextlib import suppress
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, func, insert, select

from metropool.access import metadata as access_tables
from metropool.core.clock import VirtualClock
from metropool.core.errors import NotFound, Unavailable
from metropool.core.identifiers import PartyId, SeededIds, SystemId
from metropool.exchange.capability import Capability
from metropool.exchange.envelope import MAX_BYTES, to_bytes
from metropool.exchange.evidence.tables import evidence
from metropool.exchange.memory import MemoryBroker
from metropool.exchange.messages import ROWS, CustomersTold, PaymentStatusTold
from metropool.exchange.outbox import inbox
from metropool.plan.compiled import Route
from metropool.runtime import intake
from metropool.runtime.node import Hosted, Node
from metropool.storage.database import open_database
from metropool.storage.lake import Lake

NOW = datetime(2026, 7, 1, tzinfo=UTC)
tables = MetaData()
told = Table("told", tables, Column("number", Integer, primary_key=True), Column("account", String, unique=True))


def note_status(*, work, message):
    for row in message.rows.to_pylist():
        work.context.connection.execute(insert(told).values(account=row["account_number"]))
    work.changed("told")


LISTENER = Capability(name="listener", consumes={PaymentStatusTold: note_status}, tables=(tables,))
SPEAKER = Capability(name="speaker", produces=(PaymentStatusTold,))


def status_of(account: str) -> PaymentStatusTold:
    rows = [{"account_number": account, "status": "paid", "as_of": NOW}]
    return PaymentStatusTold(rows=pa.Table.from_pylist(rows, schema=ROWS[PaymentStatusTold]))


def make_node(folder, system: str, capability: Capability) -> Node:
    route = Route(phrase="payment_status", receiver=SystemId("metering"), receiver_party=PartyId("grid"))
    return Node(
        system=SystemId(system),
        party=PartyId("grid"),
        database=open_database(f"sqlite:///{folder / system}", schema=system),
        lake=Lake(root=folder / system / "lake"),
        clock=VirtualClock(NOW),
        ids=SeededIds(1),
        hosted={capability.name: Hosted(capability=capability, rows=())},
        routes={"PaymentStatusTold": (route,)},
        books={},
        tables=(access_tables,),
    )


@pytest.fixture
def nodes(tmp_path):
    pair = make_node(tmp_path, "marketing", SPEAKER), make_node(tmp_path, "metering", LISTENER)
    yield pair
    for node in pair:
        node.close()


async def carry(speaker: Node, listener: Node, broker: MemoryBroker) -> None:
    """Relay until nothing waits, as the running relay does."""
    out, into = broker.exchange(speaker.system), broker.exchange(listener.system)
    for _ in range(200):
        for number, envelope in speaker.unsent(limit=100):
            try:
                await speaker.mark_sent([(number, await out.deliver(envelope))])
            except Unavailable:
                continue
        for delivery in await into.fetch(limit=100, wait_s=0):
            await listener.receive(delivery)
        if not speaker.unsent(limit=1) and not broker.waiting.get(listener.system):
            return
    raise AssertionError("the relay did not come to rest")


def accounts(node: Node) -> int:
    with node.database.snapshot() as connection:
        return connection.execute(select(func.count()).select_from(told)).scalar_one()


ALLOWED = frozenset({("marketing", "payment_status", "metering")})


class TestNode:
    @pytest.mark.parametrize("seed", range(6))
    def test_is_told_each_thing_once_whatever_the_network_does(self, nodes, seed):
        speaker, listener = nodes
        broker = MemoryBroker(allowed=ALLOWED, chance=SeededIds(seed), lose=0.4, repeat=0.4)

        async def run():
            for i in range(30):
                await speaker.write("speaker", lambda work, i=i: work.tell(status_of(f"A{i}"), key=f"s/{i}"))
            await carry(speaker, listener, broker)

        asyncio.run(run())
        assert accounts(listener) == 30

    def test_what_is_larger_than_a_letter_comes_whole_in_parts_in_any_order(self, nodes):
        speaker, listener = nodes
        broker = MemoryBroker(allowed=ALLOWED, chance=SeededIds(3), lose=0.2, repeat=0.4)
        count = 3 * MAX_BYTES // 64
        columns = {
            "account_number": [f"A{number:063}" for number in range(count)],
            "status": ["paid"] * count,
            "as_of": [NOW] * count,
            "community": [None] * count,
            "building": [None] * count,
        }
        whole = PaymentStatusTold(rows=pa.table(columns, schema=ROWS[PaymentStatusTold]))
        speaker.write_now("speaker", lambda work: work.tell(whole, key="day"))
        letters = [envelope for _, envelope in speaker.unsent(limit=100)]
        assert len(letters) > 4
        assert len({letter.id for letter in letters}) == len(letters)
        assert all(len(to_bytes(letter)) < MAX_BYTES for letter in letters)

        async def run():
            out, into = broker.exchange(speaker.system), broker.exchange(listener.system)
            for letter in [*reversed(letters), *letters]:
                with suppress(Unavailable):
                    await out.deliver(letter)
            for delivery in await into.fetch(limit=100, wait_s=0):
                await listener.receive(delivery)
            await carry(speaker, listener, broker)

        asyncio.run(run())
        assert accounts(listener) == count

    def test_says_one_business_key_once(self, nodes):
        speaker, _ = nodes
        for _ in range(3):
            speaker.write_now("speaker", lambda work: work.tell(status_of("A1"), key="same"))
        assert len(speaker.unsent(limit=10)) == 1

    def test_tells_nothing_when_the_unit_fails(self, nodes):
        speaker, _ = nodes

        def fail(work):
            work.tell(status_of("A1"), key="k")
            raise RuntimeError("crash before commit")

        with pytest.raises(RuntimeError):
            speaker.write_now("speaker", fail)
        assert speaker.unsent(limit=10) == []

    def test_parks_what_it_cannot_take_with_the_reason(self, nodes):
        speaker, listener = nodes
        broker = MemoryBroker(allowed=ALLOWED, chance=SeededIds(1))
        rows = pa.Table.from_pylist([], schema=ROWS[CustomersTold])
        row = {"usage_point": "u", "account_number": "1", "valid_from": date(2026, 1, 1)}
        rows = pa.Table.from_pylist([row], schema=ROWS[CustomersTold])
        route = Route(phrase="payment_status", receiver=SystemId("metering"), receiver_party=PartyId("grid"))
        speaker.routes = {"CustomersTold": (route,)}

        async def run():
            await speaker.write("speaker", lambda work: work.tell(CustomersTold(rows=rows), key="c"))
            await carry(speaker, listener, broker)

        asyncio.run(run())
        with listener.database.snapshot() as connection:
            parked = connection.execute(select(inbox.c.outcome, inbox.c.reason)).one()
        assert parked.outcome == "parked"
        assert "takes CustomersTold" in parked.reason

    def test_rows_of_another_service_do_not_leave(self, nodes):
        speaker, _ = nodes
        where = {"account_number": "A2"}
        route = Route(phrase="p", receiver=SystemId("metering"), receiver_party=PartyId("grid"), where=where)
        speaker.routes = {"PaymentStatusTold": (route,)}
        speaker.write_now("speaker", lambda work: work.tell(status_of("A1"), key="1"))
        speaker.write_now("speaker", lambda work: work.tell(status_of("A2"), key="2"))
        assert len(speaker.unsent(limit=10)) == 1

    def test_a_fault_of_ours_parks_the_letter_and_stops_nobody(self, nodes):
        speaker, listener = nodes
        broker = MemoryBroker(allowed=ALLOWED, chance=SeededIds(1))

        def stumble(*, work, message):
            if message.rows["account_number"][0].as_py() == "A1":
                raise KeyError("not thought of")
            note_status(work=work, message=message)

        stumbling = Capability(name="listener", consumes={PaymentStatusTold: stumble}, tables=(tables,))
        listener.hosted = {"listener": Hosted(capability=stumbling, rows=())}

        async def run():
            for name in ("A1", "A2"):
                await speaker.write("speaker", lambda work, name=name: work.tell(status_of(name), key=name))
            await carry(speaker, listener, broker)

        asyncio.run(run())
        assert accounts(listener) == 1
        with listener.database.snapshot() as connection:
            reasons = connection.execute(select(inbox.c.reason).where(inbox.c.outcome == "parked")).scalars().all()
        assert reasons == ["a fault of ours: KeyError"]

        stumbling.consumes[PaymentStatusTold] = note_status
        (parked,) = intake.parked_in(listener)
        intake.replay_now(listener, parked["id"], by="ann")
        assert accounts(listener) == 2 and intake.parked_in(listener) == []
        with listener.database.snapshot() as connection:
            told = list(connection.execute(select(evidence.c.direction, evidence.c.letter).order_by(evidence.c.number)))
        assert told[-1] == ("replayed", parked["id"]) and ("received", parked["id"]) in told
        with pytest.raises(NotFound):
            intake.replay_now(listener, parked["id"], by="ann")
