"""What waits to be told of refusals: each of the first of a kind for itself, then sums; nothing lost, and never more than a bound."""

import asyncio
from collections import Counter

import pytest

from metering.frontend.worlds import NOW, MemoryLog, device, open_world
from metropool.capabilities.metering.frontend.sealed.refusals import EACH_MAX, HOUR_MS, KINDS_MAX, NOBODY, WAITING_MAX, Refusals
from metropool.capabilities.metering.frontend.sealed.reports import REMEMBERED, Reports
from metropool.devices.sealed.report import Counted, Report

T = int(NOW.timestamp() * 1000)


def told(refusals, at_ms=T, *, is_closing=False):
    """Everything that is to be told, as details with their device."""
    found = []
    while rows := refusals.waiting(at_ms=at_ms, is_closing=is_closing):
        found += [{"device": row.event.device, **row.event.detail} for row in rows]
        refusals.told(len(rows))
    return found


def noted(count, *, reason="altered", terminal=1, peer="10.0.0.7:1", **bounds):
    refusals = Refusals(**bounds)
    for number in range(count):
        refusals.note(device(terminal), reason, counter=number, peer=peer, at_ms=T + number)
    return refusals


def report(number, *rows):
    rows = tuple(Counted(*row) for row in rows or (("repeated", 2, 5, 6),))
    return Report(number, rows, repr((number, rows)).encode())


def test_each_refusal_is_told_at_once_with_its_own_counter_peer_and_instant():
    rows = told(noted(EACH_MAX))
    assert [(row["counter"], row["last_counter"], row["count"]) for row in rows] == [(n, n, 1) for n in range(EACH_MAX)]
    assert [(row["at_ms"], row["last_at_ms"]) for row in rows] == [(T + n, T + n) for n in range(EACH_MAX)]
    assert {(row["by"], row["reason"], row["peer"], row["device"]) for row in rows} == {
        ("front_end", "altered", "10.0.0.7:1", device(1))
    }


def test_what_comes_beyond_is_one_sum_when_the_hour_is_over_and_the_next_hour_begins_anew():
    refusals = noted(EACH_MAX + 7)
    assert len(told(refusals, T + HOUR_MS - 1)) == EACH_MAX
    (summed,) = told(refusals, T + HOUR_MS)
    assert (summed["count"], summed["counter"], summed["last_counter"]) == (7, EACH_MAX, EACH_MAX + 6)
    assert (summed["at_ms"], summed["last_at_ms"]) == (T + EACH_MAX, T + EACH_MAX + 6)
    refusals.note(device(1), "altered", counter=99, peer="", at_ms=T + HOUR_MS)
    assert [row["counter"] for row in told(refusals, T + HOUR_MS)] == [99]


def test_sums_are_told_when_the_front_end_closes():
    assert [row["count"] for row in told(noted(EACH_MAX + 3), is_closing=True)] == [1] * EACH_MAX + [3]


def test_what_could_not_be_told_waits_and_is_told_in_order():
    refusals = noted(3)
    assert refusals.waiting(at_ms=T) == refusals.waiting(at_ms=T), "they go when they are told"
    assert [row["counter"] for row in told(refusals)] == [0, 1, 2]


def test_a_flood_of_all_kinds_waits_within_bounds_and_every_refusal_is_in_a_row():
    refusals, noted_by_reason = Refusals(), Counter()
    for number in range(KINDS_MAX + 50):
        for _ in range(EACH_MAX // 10):
            refusals.note(device(number), "repeated", counter=1, peer="", at_ms=T)
            noted_by_reason["repeated"] += 1
    assert len(refusals._waiting) == WAITING_MAX
    assert len(refusals._tallies) == KINDS_MAX + 1
    before = told(refusals)
    assert len(before) == WAITING_MAX
    after = told(refusals, T + HOUR_MS)
    assert sum(row["count"] for row in before + after) == noted_by_reason["repeated"]
    assert {row["device"] for row in after if row["reason"] == "many"} == {NOBODY}
    assert refusals._tallies == {}


def test_sums_wait_where_the_log_is_away_and_there_is_no_room():
    refusals = noted(5, waiting_max=2)
    assert len(refusals.waiting(at_ms=T + HOUR_MS)) == 2, "the hour goes on while nothing is told"
    assert [row["count"] for row in told(refusals, T + HOUR_MS)] == [1, 1, 3]


def test_a_report_is_noted_once_confirmed_when_durable_and_again_each_time_it_is_said_again():
    refusals, confirmed = Refusals(), []
    reports = Reports(refusals)

    def take(one, **more):
        return reports.take(one, terminal=device(1), peer="10.0.0.7:1", at_ms=T, confirm=confirmed.append, **more)

    first = report(1, ("repeated", 2, 5, 6), ("altered", 1, 9, 9))
    assert take(first)
    assert take(first)
    assert confirmed == [], "not before it is durable"
    rows = told(refusals)
    assert [(row["by"], row["reason"], row["count"], row["counter"], row["last_counter"], row["report"]) for row in rows] == [
        ("terminal", "repeated", 2, 5, 6, 1),
        ("terminal", "altered", 1, 9, 9, 1),
    ]
    assert confirmed == [1]
    assert take(first)
    assert (confirmed, told(refusals)) == ([1, 1], [])
    assert take(report(2))
    assert [row["report"] for row in told(refusals)] == [2]


def test_a_terminal_that_lost_its_numbers_is_heard_all_the_same():
    refusals, confirmed = Refusals(), []
    reports = Reports(refusals)
    for one in (report(7), report(1, ("expired", 4, 1, 4)), report(7, ("expired", 1, 8, 8))):
        assert reports.take(one, terminal=device(1), peer="", at_ms=T, confirm=confirmed.append)
    assert [row["count"] for row in told(refusals)] == [2, 4, 1]


def test_what_is_remembered_of_reports_is_bounded():
    refusals = Refusals()
    reports = Reports(refusals)
    for number in range(20):
        reports.take(report(number), terminal=device(1), peer="", at_ms=T, confirm=lambda _: None)
    assert {len(taken) for taken in reports._taken.values()} == {REMEMBERED}


def test_beyond_its_rows_of_an_hour_a_report_is_put_off_and_taken_later_whole():
    refusals, confirmed = Refusals(), []
    reports = Reports(refusals)

    def take(number, at_ms=T):
        return reports.take(report(number), terminal=device(1), peer="", at_ms=at_ms, confirm=confirmed.append)

    assert all(take(number) for number in range(EACH_MAX))
    assert not take(EACH_MAX), "the terminal keeps it, and what it refuses meanwhile"
    assert len(told(refusals)) == EACH_MAX
    assert len(confirmed) == EACH_MAX
    assert told(refusals, T + HOUR_MS) == []
    assert take(EACH_MAX, T + HOUR_MS)
    assert [row["report"] for row in told(refusals, T + HOUR_MS)] == [EACH_MAX]


@pytest.mark.parametrize("bound", ["waiting_max", "kinds_max"])
def test_where_there_is_no_room_a_report_is_put_off(bound):
    refusals = noted(1, **{bound: 1})
    assert not Reports(refusals).take(report(1), terminal=device(2), peer="", at_ms=T, confirm=lambda _: None)
    assert [row["by"] for row in told(refusals)] == ["front_end"]


def test_a_front_end_that_closes_tells_its_sums_and_two_tellers_tell_nothing_twice():
    async def scene():
        world = await open_world()
        for number in range(EACH_MAX + 9):
            world.server.hub.notices.refusals.note(device(1), "altered", counter=number, peer="", at_ms=T)
        await asyncio.gather(world.server.hub.tell_refusals(), world.server.hub.tell_refusals())
        assert len(world.events.events) == EACH_MAX
        await world.server.close()
        return world.events

    events: MemoryLog = asyncio.run(scene())
    assert [event.detail["count"] for event in events.events] == [1] * EACH_MAX + [9]
