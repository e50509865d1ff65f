"""Alarms of safety: raised once, cleared once, with where it is; what is none stays in the home."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from exchange.alarms.test_look import POOL, places, said
from metropool.capabilities.alarms import raising
from metropool.capabilities.alarms.capability import ALARMS
from metropool.core.clock import VirtualClock
from metropool.core.identifiers import PartyId, SeededIds, SystemId
from metropool.exchange.messages import ROWS, EventsRecorded
from metropool.facts.registry.tables import place
from metropool.plan.compiled import Route
from metropool.runtime.capabilities import BOOKS, TABLES
from metropool.runtime.node import Hosted, Node
from metropool.storage.database import open_database
from metropool.storage.lake import Lake


@pytest.fixture
def pool(tmp_path):
    node = Node(
        system=POOL,
        party=PartyId("pool"),
        database=open_database(f"sqlite:///{tmp_path}", schema="pool"),
        lake=Lake(root=tmp_path / "lake"),
        clock=VirtualClock(datetime(2026, 7, 21, tzinfo=UTC)),
        ids=SeededIds(1),
        hosted={"alarms": Hosted(capability=ALARMS, rows=())},
        routes={"AlarmRaised": (Route("security_alarms", SystemId("desk"), PartyId("government")),)},
        books=BOOKS,
        tables=TABLES,
    )
    address = {"address_zh": "花园路1号", "address_en": "1 Garden Road"}
    homes = [row | (address if row["id"] == "home-1" else dict.fromkeys(address)) for row in places()]
    node.write_now("alarms", lambda work: work.registry.add(place, homes))
    yield node
    node.close()


def happens(node, *events, at_place="home-1"):
    rows = [{"point": point, "code": code, "at": at, "value": 1} for point, code, at in events]
    message = EventsRecorded(place=at_place, rows=pa.Table.from_pylist(rows, schema=ROWS[EventsRecorded]))
    node.write_now("alarms", lambda work: raising.take_events(work=work, message=message))


def test_smoke_is_told_once_with_where_it_is_and_once_that_it_is_over(pool):
    happens(pool, ("kitchen", "smoke_alarm", 100))
    happens(pool, ("kitchen", "smoke_alarm", 100), ("kitchen", "smoke_alarm", 130))
    happens(pool, ("kitchen", "smoke_cleared", 160))
    happens(pool, ("kitchen", "smoke_cleared", 160), ("kitchen", "smoke_alarm", 100))
    raised, cleared = said(pool)
    assert (raised.alarm, raised.edition, raised.kind, raised.state) == ("home-1:kitchen:smoke:100", 1, "smoke", "raised")
    assert (raised.address_zh, raised.address_en, raised.area) == ("花园路1号", "1 Garden Road", "garden")
    assert raised.at == datetime.fromtimestamp(100, UTC)
    assert (cleared.alarm, cleared.edition, cleared.state) == (raised.alarm, 2, "cleared")


def test_smoke_a_second_time_is_another_alarm(pool):
    happens(pool, ("kitchen", "smoke_alarm", 100), ("kitchen", "smoke_cleared", 160), ("kitchen", "smoke_alarm", 200))
    assert [message.alarm.rpartition(":")[2] for message in said(pool)] == ["100", "100", "200"]


def test_a_door_and_the_end_of_what_never_began_are_told_to_nobody(pool):
    happens(pool, ("front", "door_opened", 100), ("kitchen", "smoke_cleared", 110))
    assert said(pool) == []


def test_a_place_that_nobody_registered_is_told_without_an_address(pool):
    happens(pool, ("kitchen", "smoke_alarm", 100), at_place="elsewhere")
    (raised,) = said(pool)
    assert (raised.place, raised.address_zh, raised.area) == ("elsewhere", "", "")
