"""What an authority hears is kept once, the newest edition of each, and one person takes note of it."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest

from metropool.capabilities.watch import operations
from metropool.capabilities.watch.capability import WATCH
from metropool.core.clock import VirtualClock
from metropool.core.errors import Conflict, NotFound
from metropool.core.identifiers import PartyId, SeededIds, SystemId
from metropool.exchange.messages import AlarmRaised, AnomalyFound
from metropool.runtime.capabilities import BOOKS, TABLES
from metropool.runtime.node import Hosted, Node
from metropool.storage.database import open_database
from metropool.storage.lake import Lake

AT, DAY = datetime(2026, 7, 21, tzinfo=UTC), date(2026, 7, 20)


@pytest.fixture
def desk(tmp_path):
    node = Node(
        system=SystemId("desk"),
        party=PartyId("government"),
        database=open_database(f"sqlite:///{tmp_path}", schema="desk"),
        lake=Lake(root=tmp_path / "lake"),
        clock=VirtualClock(AT + timedelta(hours=1)),
        ids=SeededIds(1),
        hosted={"watch": Hosted(capability=WATCH, rows=())},
        routes={},
        books=BOOKS,
        tables=TABLES,
    )
    yield node
    node.close()


def alarm(edition=1, *, id="home-1:kitchen:smoke:100"):
    where = {"place": "home-1", "address_zh": "花园路1号", "address_en": "1 Garden Road", "area": "garden", "point": "kitchen"}
    state = "raised" if edition == 1 else "cleared"
    return AlarmRaised(
        alarm=id, edition=edition, kind="smoke", state=state, at=AT, raised_at=AT + timedelta(seconds=edition), **where
    )


def anomaly(edition, state="found"):
    named = {"area": "east", "area_zh": "东区", "area_en": "East"}
    seen = {"homes": 100, "affected": 40, "observed": 0, "usual": 8_000, "found_at": AT}
    days = {"first_day": DAY, "last_day": DAY + timedelta(days=edition - 1)}
    return AnomalyFound(
        anomaly="east:1", edition=edition, kind="no_supply", state=state, service="water", **named, **seen, **days
    )


def hear(node, *messages):
    for message in messages:
        take = operations.take_alarm if isinstance(message, AlarmRaised) else operations.take_anomaly
        node.write_now("watch", lambda work, m=message, t=take: t(work=work, message=m))


def seen(node, what, *, only_open=False):
    return node.read_now("watch", lambda work: work.watch_book.page(what=what, only_open=only_open, offset=0, limit=50))


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
def test_in_whatever_order_editions_come_the_newest_holds(desk, order):
    editions = {1: anomaly(1), 2: anomaly(2), 3: anomaly(3, "over")}
    hear(desk, *(editions[number] for number in order), editions[order[0]])
    ((kept,), total) = seen(desk, "anomaly")
    assert (kept.edition, kept.state, kept.is_open, total) == (3, "over", False, 1)
    assert kept.told["last_day"] == (DAY + timedelta(days=2)).isoformat()
    assert seen(desk, "anomaly", only_open=True) == ([], 0)


def test_an_alarm_keeps_its_beginning_and_who_took_note(desk):
    hear(desk, alarm(1))
    desk.write_now("watch", lambda work: operations.acknowledge(work=work, id=alarm().alarm, by="li"))
    hear(desk, alarm(2))
    ((kept,), _) = seen(desk, "alarm")
    assert (kept.state, kept.began_at, kept.acknowledged_by) == ("cleared", AT, "li")
    assert kept.told["address_zh"] == "花园路1号"


def test_one_person_takes_note_and_what_was_not_heard_is_not_found(desk):
    hear(desk, alarm())

    def take(by, id="home-1:kitchen:smoke:100"):
        return desk.write_now("watch", lambda work: operations.acknowledge(work=work, id=id, by=by))

    take("li")
    assert take("li")[0].acknowledged_by == "li"
    with pytest.raises(Conflict, match="li has taken note"):
        take("wang")
    with pytest.raises(NotFound):
        take("wang", "other")


def test_what_goes_on_and_nobody_has_noted_comes_first(desk):
    hear(desk, alarm(1, id="a"), alarm(1, id="b"), alarm(1, id="c"), alarm(2, id="b"))
    desk.write_now("watch", lambda work: operations.acknowledge(work=work, id="a", by="li"))
    rows, total = seen(desk, "alarm")
    assert ([row.id for row in rows], total) == (["c", "a", "b"], 3)
    assert desk.read_now("watch", lambda work: work.watch_book.open_count(what="alarm")) == 2
