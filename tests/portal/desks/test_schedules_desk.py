"""Changing how often an item is collected: versions, refusals with their reasons, undoing."""

from datetime import UTC, datetime, timedelta

import pytest

from metropool.capabilities.metering.scheduling import operations
from metropool.capabilities.metering.scheduling.model import least_every_s
from metropool.core.errors import Conflict, Invalid, NotFound
from metropool.portal.desks.operator.schedules import SchedulesDesk
from metropool.portal.schemas.collecting import ScheduleChange, ScheduleUndo
from portal.desks.conftest import NOW, NOW_S

ITEM, WATER = "electricity_forward_profile_register", "water_register"
NEXT_MIDNIGHT = datetime(2026, 7, 2, 16, tzinfo=UTC)


@pytest.fixture
def town(fresh_station):
    fresh_station.node.write_now("metering", lambda work: operations.start_schedules(work=work))
    return fresh_station


def row(town, item=ITEM):
    return next(one for one in town.ask(SchedulesDesk, lambda desk: desk.schedules(service=None)).rows if one.item == item)


def change(town, item=ITEM, **values):
    wish = {"seen": 1, "every_s": 1800, "delay_s": 300, "is_collected": True, "reason": "less traffic", **values}
    return town.do(SchedulesDesk, lambda desk: desk.change(item=item, wanted=ScheduleChange(**wish), by="ann"))


def faults(town, item=ITEM, **values):
    with pytest.raises(Invalid) as refused:
        change(town, item, **values)
    return [(fault.where, fault.what.rpartition(".")[2]) for fault in refused.value.faults] or [refused.value.key]


def in_force(town):
    return town.node.read_now("metering", lambda work: {s.item: s for s in work.collection.schedules().values()})


def test_every_item_begins_with_a_first_version_made_by_nobody(town):
    first = row(town)
    assert (first.version, first.every_s, first.versions[0].made_by, first.coming) == (1, 900, "standard", None)
    assert (row(town, "electricity_forward_month_register").kind, row(town, WATER).channels) == ("monthly", 9)
    assert town.node.write_now("metering", lambda work: operations.start_schedules(work=work))[0] == 0


def test_a_change_is_a_version_with_who_and_why_and_holds_at_once(town):
    changed = change(town)
    assert (changed.version, changed.every_s, changed.is_collected) == (2, 1800, True)
    newest = changed.versions[0]
    assert (newest.made_by, newest.reason, newest.made_at, newest.starts_at, newest.restores) == (
        "ann",
        "less traffic",
        NOW,
        NOW,
        None,
    )
    schedule = next(one for one in in_force(town).values() if one.every_s == 1800)
    assert schedule.due_at == NOW_S, "looked at in the next step"


def test_a_change_for_later_waits_and_is_then_put_in_force_by_the_loop(town):
    changed = change(town, starts_at=NEXT_MIDNIGHT)
    assert (changed.every_s, changed.coming.version) == (900, 2)
    assert not town.node.read_now("metering", lambda work: operations.is_due(work=work))
    town.node.clock.advance(NEXT_MIDNIGHT - NOW)
    assert town.node.read_now("metering", lambda work: operations.is_due(work=work))
    assert town.node.write_now("metering", lambda work: operations.apply_due(work=work))[0] == 1
    assert (row(town).every_s, row(town).coming) == (1800, None)


def test_stopping_waits_for_midnight_and_starting_again_owes_nothing_of_between(town):
    change(town, is_collected=False)
    assert row(town).is_collected
    town.node.clock.advance(NEXT_MIDNIGHT - NOW)
    town.node.write_now("metering", lambda work: operations.apply_due(work=work))
    assert not row(town).is_collected
    town.node.clock.advance(timedelta(hours=1))
    change(town, seen=2, every_s=900)
    town.node.clock.advance(timedelta(days=3))
    town.node.write_now("metering", lambda work: operations.apply_due(work=work))
    schedule = next(one for one in in_force(town).values() if one.interval_s == 900 and one.item == 10)
    assert schedule.first_day == (int(NEXT_MIDNIGHT.timestamp()) + 8 * 3600) // 86_400 + 1


def test_what_cannot_be_is_refused_with_every_reason(town):
    assert faults(town, every_s=0) == [("every_s", "zero")]
    assert faults(town, every_s=60, delay_s=-60) == [("every_s", "too_often"), ("delay_s", "delay")]
    assert faults(town, every_s=330) == [("every_s", "whole_minutes")]
    assert faults(town, every_s=200_040) == [("every_s", "too_seldom")]
    assert faults(town, WATER, every_s=7200, delay_s=3600) == [("every_s", "loses_values"), ("delay_s", "delay_loses")]
    assert faults(town, starts_at=NOW - timedelta(hours=1)) == ["metering.schedule.past"]
    assert row(town).version == 1


def test_the_line_decides_how_often_meters_asked_one_by_one_can_be():
    assert least_every_s(alone=0, points=0) == 300
    assert least_every_s(alone=400, points=0) == 840
    assert least_every_s(alone=0, points=2000) == 540


def test_two_people_cannot_change_the_same_version_nor_change_nothing(town):
    change(town)
    with pytest.raises(Conflict):
        change(town, every_s=3600)
    with pytest.raises(Conflict):
        change(town, seen=2)
    with pytest.raises(NotFound):
        change(town, "electricity_voltage_a")


def test_undoing_is_a_new_version_with_the_earlier_values(town):
    change(town)
    wanted = ScheduleUndo(seen=2, restore=1, reason="as before")
    undone = town.do(SchedulesDesk, lambda desk: desk.undo(item=ITEM, wanted=wanted, by="bob"))
    assert (undone.version, undone.every_s) == (3, 900)
    assert [(one.version, one.every_s, one.restores, one.made_by) for one in undone.versions] == [
        (3, 900, 1, "bob"),
        (2, 1800, None, "ann"),
        (1, 900, None, "standard"),
    ]
    with pytest.raises(NotFound):
        town.do(SchedulesDesk, lambda desk: desk.undo(item=ITEM, wanted=wanted.model_copy(update={"restore": 9}), by="bob"))
