"""Days that are told are looked at on a real database and lake: found once, kept as long as it lasts, over when it is over."""

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from exchange.alarms.test_findings import REGISTER
from metropool.capabilities.alarms import operations
from metropool.capabilities.alarms.capability import ALARMS
from metropool.capabilities.insight.operations import to_blocks
from metropool.core.clock import VirtualClock
from metropool.core.identifiers import PartyId, SeededIds, SystemId
from metropool.exchange.envelope import open_envelope
from metropool.exchange.messages import ROWS, HouseholdUsageTold
from metropool.facts.registry.tables import place, usage_point
from metropool.plan.compiled import Route
from metropool.runtime.capabilities import BOOKS, TABLES
from metropool.runtime.node import Hosted, Node
from metropool.storage.database import open_database
from metropool.storage.lake import Lake

DAY, HOMES = date(2026, 7, 20), 8
NEXT, SOONER = DAY + timedelta(days=1), timedelta(hours=22, minutes=30)
"""The day after, and how long until half past six on the one after that."""
POOL, DESK = SystemId("pool"), SystemId("desk")


def places():
    named = {"name_zh": "东", "name_en": "East"}
    rows = [{"id": "city", "kind": "city", "parent": None, **named}]
    rows += [{"id": "east", "kind": "district", "parent": "city", **named}]
    rows += [{"id": "garden", "kind": "community", "parent": "east", **named}]
    rows += [{"id": f"home-{n}", "kind": "home", "parent": "garden", **named} for n in range(HOMES)]
    return rows


def points():
    usual = {"service": "electricity", "role": "consumption"}
    return [{"number": n + 1, "id": f"e-{n}", "place": f"home-{n}", **usual} for n in range(HOMES)]


@pytest.fixture
def pool(tmp_path):
    clock = VirtualClock(datetime(2026, 7, 21, 0, tzinfo=UTC))
    node = Node(
        system=POOL,
        party=PartyId("pool"),
        database=open_database(f"sqlite:///{tmp_path}", schema="pool"),
        lake=Lake(root=tmp_path / "lake"),
        clock=clock,
        ids=SeededIds(1),
        hosted={"alarms": Hosted(capability=ALARMS, rows=())},
        routes={"AnomalyFound": (Route("large_scale_anomalies", DESK, PartyId("government")),)},
        books=BOOKS,
        tables=TABLES,
    )
    node.write_now("alarms", lambda work: (work.registry.add(place, places()), work.registry.add(usage_point, points())))
    yield node
    node.close()


def told(node, day, amounts, version=1):
    """Each home's use of a day [Wh] arrives; None is a hole."""
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) - 8 * 3600
    usual = {"service": "electricity", "reading_type": REGISTER.id, "business_date": day, "version": version}
    usual |= {"start": start, "interval_s": 86_400, "quality": None}
    rows = [
        {**usual, "usage_point": f"e-{n}", "values": [None if amount is None else amount * 10]}
        for n, amount in enumerate(amounts)
    ]
    table = pa.Table.from_pylist(rows, schema=ROWS[HouseholdUsageTold])

    def note(work):
        blocks = to_blocks(table, usage_points=work.registry.usage_points())
        work.readings.add(work.readings.write_blocks(blocks, name=f"told-{day}-{version}"))

    node.write_now("alarms", note)


def usual_days(node, count=14):
    for back in range(count, 0, -1):
        told(node, DAY - timedelta(days=back), [8_000 + 100 * (back % 3)] * HOMES)


def look(node):
    """Twice, as a day is judged only when it came to rest."""
    step(node)
    step(node)


def step(node):
    prepared = node.read_now("alarms", lambda work: operations.prepare(work=work))
    node.write_now("alarms", lambda work: operations.look(work=work, prepared=prepared))


def said(node):
    return [open_envelope(envelope) for _, envelope in node.unsent(limit=100)]


def test_a_district_without_supply_is_told_once_with_its_community_and_nobody_is_named(pool):
    usual_days(pool)
    told(pool, DAY, [0] * 4 + [8_000] * 4)
    look(pool)
    look(pool)
    found = {message.area: message for message in said(pool)}
    assert set(found) == {"east", "garden"}
    assert len(said(pool)) == 2
    message = found["garden"]
    assert (message.kind, message.state, message.edition) == ("no_supply", "found", 1)
    assert (message.homes, message.affected, message.first_day, message.last_day) == (HOMES, 4, DAY, DAY)
    assert not any("home" in str(value) or "e-" in str(value) for value in (message.anomaly, message.area))


def test_it_lasts_and_it_is_over(pool):
    usual_days(pool)
    for number, amounts in enumerate([[0] * HOMES, [0] * HOMES, [8_000] * HOMES]):
        told(pool, DAY + timedelta(days=number), amounts)
        look(pool)
        pool.clock.advance(timedelta(days=1))
    editions = [(m.edition, m.state, m.first_day, m.last_day) for m in said(pool) if m.area == "garden"]
    assert editions == [
        (1, "found", DAY, DAY),
        (2, "found", DAY, DAY + timedelta(days=1)),
        (3, "over", DAY, DAY + timedelta(days=2)),
    ]
    assert not pool.read_now("alarms", lambda work: work.areas.open_anomalies())


def test_a_day_that_nobody_told_of_is_no_finding_and_ends_none(pool):
    usual_days(pool)
    told(pool, DAY, [0] * HOMES)
    look(pool)
    count = len(said(pool))
    pool.clock.advance(timedelta(days=1))
    look(pool)
    assert len(said(pool)) == count
    assert len(pool.read_now("alarms", lambda work: work.areas.open_anomalies())) == 2


def test_readings_that_came_late_are_looked_at_before_it_is_said_that_they_are_missing(pool):
    usual_days(pool)
    told(pool, DAY, [None] * 4 + [8_000] * 4)
    told(pool, DAY, [8_100] * HOMES, version=2)
    look(pool)
    assert said(pool) == []


def test_a_day_that_is_still_being_told_is_not_judged(pool):
    usual_days(pool)
    told(pool, DAY, [None] * 4 + [8_000] * 4)
    step(pool)
    told(pool, DAY, [8_000] * HOMES, version=2)
    step(pool)
    assert said(pool) == []
    step(pool)
    assert said(pool) == []


def test_before_six_in_the_morning_the_day_is_not_looked_at(pool):
    usual_days(pool)
    told(pool, DAY, [0] * HOMES)
    pool.clock = VirtualClock(datetime(2026, 7, 20, 21, 59, tzinfo=UTC))
    look(pool)
    assert said(pool) == []
    pool.clock.advance(timedelta(minutes=1))
    look(pool)
    assert {message.last_day for message in said(pool)} == {DAY}


def test_what_was_told_late_of_an_earlier_day_is_in_what_is_usual(pool):
    usual_days(pool)
    pool.clock.advance(SOONER)
    first = DAY - timedelta(days=10)
    told(pool, first, [None] * 3 + [8_000] * 5, version=2)
    told(pool, NEXT, [0] * HOMES)
    step(pool)
    told(pool, first, [80_000] * HOMES, version=3)
    step(pool)
    assert said(pool) == [], "the days before are not at rest"
    step(pool)
    kept = pool.read_now("alarms", lambda work: work.areas.days(first=first, last=first))
    assert set(kept["amount"].to_pylist()) == {80_000 * HOMES}
    assert {message.kind for message in said(pool)} == {"no_supply"}


def test_days_that_never_come_to_rest_put_off_a_finding_for_two_hours_and_no_longer(pool):
    usual_days(pool)
    pool.clock.advance(SOONER)
    told(pool, NEXT, [0] * HOMES)
    for version in range(2, 6):
        told(pool, DAY - timedelta(days=9), [8_000 + version] * HOMES, version=version)
        step(pool)
        assert said(pool) == []
    pool.clock.advance(timedelta(hours=2))
    told(pool, DAY - timedelta(days=9), [9_000] * HOMES, version=9)
    step(pool)
    assert {message.area for message in said(pool)} == {"east", "garden"}
