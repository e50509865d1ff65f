"""What is asked for, when, and again."""

from dataclasses import replace

import numpy as np

from metering.collection.test_ingest import (
    DAY,
    FREEZE,
    MIDNIGHT,
    PROFILE,
    TERMINALS,
    apply,
    batch,
    city,
    freezes,
    rate,
    schedules,
)
from metropool.capabilities.metering.collection import operations
from metropool.capabilities.metering.collection.model import Schedule, next_due, wait_s, wanted_slots
from metropool.capabilities.metering.frontend.tasks import Answer


def plan(head_end, index, *items):
    wanted = [schedule for schedule in schedules().values() if schedule.item in items]
    head_end.index = index
    head_end.unit(lambda work: work.collection.set_schedules(wanted))
    return head_end.unit(lambda work: operations.plan_days(work=work))


def due(head_end, index):
    return head_end.unit(lambda work: operations.due_reads(work=work))


def at(head_end, seconds):
    head_end.now = head_end.now.fromtimestamp(MIDNIGHT + seconds, head_end.now.tzinfo)
    return head_end


def test_slots_are_wanted_after_they_end_and_present_values_while_they_last():
    freeze = Schedule(item=1, interval_s=86_400, every_s=3_600, delay_s=600, holds_days=62, first_day=DAY, due_at=0)
    assert wanted_slots(freeze, day=DAY, now_s=MIDNIGHT + 599) == (0, 0)
    assert wanted_slots(freeze, day=DAY, now_s=MIDNIGHT + 600) == (0, 1)
    present = Schedule(item=30, interval_s=3_600, every_s=900, delay_s=120, holds_days=0, first_day=DAY, due_at=0)
    assert wanted_slots(present, day=DAY, now_s=MIDNIGHT - 1) == (23, 24)
    assert wanted_slots(present, day=DAY, now_s=MIDNIGHT + 1) == (0, 0)


def test_schedules_keep_to_their_grid_and_patience_grows_to_six_hours():
    freeze = schedules()[FREEZE]
    assert next_due(freeze, now_s=MIDNIGHT) == MIDNIGHT + 600
    assert next_due(freeze, now_s=MIDNIGHT + 600) == MIDNIGHT + 4_200
    assert [wait_s(n) for n in (1, 2, 3, 20)] == [900, 1_800, 3_600, 21_600]


def test_what_is_missing_is_asked_of_its_terminal_until_it_is_stored(head_end):
    index = city(4)
    assert plan(at(head_end, 700), index, FREEZE) == 8
    first = due(head_end, index)
    assert sorted((read.terminal, read.points, read.origin) for read in first) == [
        (TERMINALS[0], [1, 2], 1),
        (TERMINALS[1], [1, 2], 1),
    ]
    answers = [(read, Answer(task=read.id, result="answered", at=0)) for read in first]
    head_end.unit(lambda work: operations.record_answers(work=work, answers=answers))
    assert rate(head_end) == (4, 0), "an answer alone marks nothing"
    apply(head_end, index, [(1, batch(freezes(1)))])
    again = due(at(head_end, 4_300), index)
    assert sorted((read.terminal, read.points, read.origin) for read in again) == [
        (TERMINALS[0], [2], 5),
        (TERMINALS[1], [1, 2], 5),
    ]
    assert due(at(head_end, 4_400), index) == []


def test_what_no_link_reaches_is_not_expected_of_anybody(head_end):
    index = city(2)
    lonely = index.terminal_of.copy()
    lonely[np.flatnonzero(index.item_of == FREEZE)[0]] = -1
    assert plan(at(head_end, 700), replace(index, terminal_of=lonely), FREEZE) == 2, "two days of the one that is reached"
    assert rate(head_end) == (1, 0)


def test_a_gap_of_days_is_planned_and_asked_after_the_node_was_off(head_end):
    index = city(2)
    plan(at(head_end, 700), index, FREEZE)
    at(head_end, 3 * 86_400 + 700)
    assert head_end.unit(lambda work: operations.plan_days(work=work)) == 6
    days = {read.day for read in due(head_end, index)}
    assert days == {DAY, DAY + 1, DAY + 2, DAY + 3}


def test_new_quarter_hours_are_asked_without_the_old_gap_and_the_gap_waits_longer(head_end):
    index = city(2)
    plan(at(head_end, 2_200), index, PROFILE)
    first = [read for read in due(head_end, index) if read.day == DAY + 1]
    assert {(read.first_slot, read.last_slot) for read in first} == {(0, 2)}
    second = [read for read in due(at(head_end, 3_050), index) if read.day == DAY + 1]
    assert {(read.first_slot, read.last_slot, read.origin) for read in second} == {(2, 3, 1)}
    third = [read for read in due(at(head_end, 3_950), index) if read.day == DAY + 1]
    assert {(read.first_slot, read.last_slot, read.origin) for read in third} == {(0, 4, 5)}


def test_a_city_of_a_hundred_thousand_meters_is_asked_by_terminal_not_by_meter(head_end):
    index = city(100_000)
    at(head_end, 700)
    plan(head_end, index, FREEZE)
    reads = due(head_end, index)
    assert sum(len(read.points) for read in reads) == 100_000
    assert len(reads) == len(TERMINALS)
