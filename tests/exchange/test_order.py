"""A letter that nobody acknowledged in time is handed over again after letters that were told later: what was told last holds."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import select

from metropool.core.identifiers import SystemId
from metropool.exchange.envelope import seal, to_bytes
from metropool.exchange.messages import ROWS, CustomersTold, HouseholdUsageTold, Message, PaymentStatusTold
from metropool.exchange.outbox import inbox
from metropool.exchange.ports import Delivery
from metropool.facts.registry.tables import place, usage_point
from metropool.runtime.node import Node
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named, open_node

NOW = datetime(2026, 7, 1, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = date(2026, 7, 1)
NUMBER, POINT = 1, "electricity-1"
ORDERS = list(permutations(range(3)))


@contextmanager
def node_of(system: str, home: Path) -> Iterator[Node]:
    settings = Settings(home=home, clock="2026-07-01T12:00:00+08:00@1")
    node = open_node(SystemId(system), compiled=compile_named("transition"), settings=settings)
    try:
        yield node
    finally:
        node.close()


def hear(node: Node, letters: Sequence[tuple[datetime, Message]], *, order: Sequence[int]) -> None:
    """Hand letters over in an order, each told at its instant by whoever the plan lets tell it."""
    ways = {way.kind: way for way in node.ways if way.receiver == node.system and not way.is_passed_on}

    async def run() -> None:
        for number in order:
            at, message = letters[number]
            way = ways[type(message).__name__]
            envelope = seal(message=message, key=str(number), phrase=way.phrase, sender=way.sender, receiver=node.system, at=at)
            data = to_bytes(envelope)
            await node.receive(Delivery(data, way.sender, way.phrase, number + 1, 1, done=_nothing, later=_nothing))

    asyncio.run(run())
    with node.database.snapshot() as connection:
        assert set(connection.execute(select(inbox.c.outcome, inbox.c.reason))) == {("done", None)}


async def _nothing(*_: Any) -> None:
    pass


def rows_of(kind: type[Message], **row: Any) -> pa.Table:
    return pa.Table.from_pylist([row], schema=ROWS[kind])


def usage(*values: int | None, version: int = 0) -> HouseholdUsageTold:
    """A day so far: four intervals of six hours."""
    told = {"service": "electricity", "usage_point": POINT, "reading_type": 10, "business_date": DAY, "version": version}
    told |= {"start": 1782835200, "interval_s": 21_600, "values": list(values), "register_start": 100}
    return HouseholdUsageTold(rows=rows_of(HouseholdUsageTold, **told))


def enrol(work: Any) -> None:
    home = {"id": "home-1", "kind": "home", "name_zh": "家", "name_en": "home", "parent": None}
    work.registry.add(place, [home])
    point = {"number": NUMBER, "id": POINT, "service": "electricity", "role": "delivered", "place": "home-1"}
    work.registry.add(usage_point, [{**point, "network_node": None}])


@pytest.mark.parametrize("order", ORDERS)
def test_the_day_so_far_is_the_fullest_that_was_told_until_the_day_is_sealed(tmp_path: Path, order: Sequence[int]) -> None:
    told = [(NOW + HOUR * hour, usage(*([7] * hour), *([None] * (4 - hour)))) for hour in range(3)]
    with node_of("smart_use_platform", tmp_path) as node:
        node.write_now("insight", enrol)

        def values() -> list[int | None]:
            blocks = node.read_now("insight", lambda work: work.readings.blocks_of_day(DAY))
            (row,) = blocks.to_pylist()
            found: list[int | None] = row["values"]
            return found

        hear(node, told, order=order)
        assert values() == [7, 7, None, None]
        sealed = [*told, (NOW, usage(7, None, None, None, version=1))]
        hear(node, sealed, order=[3])
        assert values() == [7, None, None, None], "what is sealed holds, however little it is"


@pytest.mark.parametrize("order", ORDERS)
def test_whether_an_account_is_paid_is_what_was_so_last(tmp_path: Path, order: Sequence[int]) -> None:
    states = ("due", "overdue", "paid")
    told = [
        (NOW, PaymentStatusTold(rows=rows_of(PaymentStatusTold, account_number="A1", status=status, as_of=NOW + HOUR * hour)))
        for hour, status in enumerate(states)
    ]
    with node_of("metering", tmp_path) as node:
        hear(node, told, order=order)
        assert node.read_now("metering", lambda work: work.customers.status_of("A1")) == "paid"


@pytest.mark.parametrize("order", ORDERS)
def test_an_agreement_is_what_was_told_of_it_last_and_no_clock_that_is_ahead_locks_it(
    tmp_path: Path, order: Sequence[int]
) -> None:
    told = [(NOW - HOUR * (3 - hour), customer(category=category)) for hour, category in enumerate(("home", "shop", "school"))]
    with node_of("metering", tmp_path) as node:

        def category() -> str:
            rows = node.read_now("metering", lambda work: work.customers.at(POINT))
            return str(rows[0]["category"])

        hear(node, told, order=order)
        assert category() == "school"
        ahead = [*told, (NOW + 1000 * HOUR, customer(category="ahead"))]
        hear(node, ahead, order=[3])
        hear(node, [*ahead, (node.clock.now(), customer(category="now"))], order=[4])
        assert category() == "now"


def customer(*, category: str) -> CustomersTold:
    row = {"usage_point": POINT, "account_number": "A1", "category": category, "valid_from": DAY}
    return CustomersTold(rows=rows_of(CustomersTold, **row))
