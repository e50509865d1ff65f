"""Patience grows with meters that do not answer, not with terminals that are away; who comes back is asked soon."""

import pytest

from metering.collection.test_ingest import DAY, FREEZE, TERMINALS, city
from metering.collection.test_plan import at, due, plan
from metropool.capabilities.metering.collection import operations, recall
from metropool.capabilities.metering.frontend.tasks import Answer, Contact

HOUR_S, MINUTE_S = 3_600, 60


def answer(head_end, reads, result):
    at_ms = int(head_end.now.timestamp() * 1000)
    answers = [(read, Answer(task=read.id, result=result, at=at_ms)) for read in reads]
    head_end.unit(lambda work: operations.record_answers(work=work, answers=answers))


def ask_for_a_day(head_end, index, result):
    """Ask for the freeze of one day every hour of the next, each time with the same outcome; the hours something was asked."""
    asked = []
    for hour in range(24):
        reads = [read for read in due(at(head_end, hour * HOUR_S + 700), index) if read.day == DAY]
        answer(at(head_end, hour * HOUR_S + 705), reads, result)
        asked += [hour] if reads else []
    return asked


def contact(terminal, state, *, since):
    return Contact(terminal=terminal, state=state, since=since, last_heard_at=since)


def tell(head_end, *contacts):
    head_end.unit(lambda work: operations.record_contacts(work=work, contacts=contacts))


@pytest.fixture
def index(head_end):
    found = city(4)
    plan(at(head_end, 700), found, FREEZE)
    return found


@pytest.mark.parametrize("result", ["unreachable", "expired"])
def test_patience_does_not_grow_while_nobody_was_asked(head_end, index, result):
    assert ask_for_a_day(head_end, index, result) == list(range(24))


@pytest.mark.parametrize("result", ["silent", "denied", "answered", "lost"])
def test_patience_grows_with_what_was_asked(head_end, index, result):
    assert ask_for_a_day(head_end, index, result) == [0, 1, 2, 3, 5, 9, 15, 21]


def test_a_terminal_that_comes_back_is_asked_within_minutes(head_end, index):
    tell(at(head_end, 700), *(contact(terminal, "offline", since=5) for terminal in TERMINALS))
    ask_for_a_day(head_end, index, "lost")
    tell(at(head_end, 23 * HOUR_S + 760), contact(TERMINALS[0], "online", since=9))
    assert not head_end.unit(lambda work: operations.is_due(work=work))
    reads = due(at(head_end, 23 * HOUR_S + 760 + recall.SOON_S), index)
    assert {read.terminal for read in reads if read.day == DAY} == {TERMINALS[0]}


def test_a_terminal_that_is_still_there_changes_nothing(head_end, index):
    here = [contact(terminal, "online", since=5) for terminal in TERMINALS]
    tell(at(head_end, 650), *here)
    ask_for_a_day(head_end, index, "silent")
    tell(at(head_end, 23 * HOUR_S + 760), *here)
    assert due(at(head_end, 23 * HOUR_S + 760 + 2 * MINUTE_S), index) == []


def test_a_terminal_that_flickers_is_not_asked_at_each_flicker(head_end, index):
    answer(head_end, due(head_end, index), "silent")
    asked = 0
    for minute in range(1, 60):
        tell(at(head_end, 700 + minute * MINUTE_S), contact(TERMINALS[0], "online", since=minute))
        reads = due(head_end, index)
        answer(head_end, reads, "silent")
        asked += sum(read.day == DAY for read in reads)
    assert asked <= 4


def test_what_a_killed_node_had_asked_is_asked_again_by_the_next(head_end, index):
    for hour in range(9):
        answer(head_end, due(at(head_end, hour * HOUR_S + 700), index), "silent")
    asked = due(at(head_end, 14 * HOUR_S + 700), index)
    assert {read.terminal for read in asked if read.day == DAY} == set(TERMINALS)
    head_end.unit(lambda work: recall.resume(work=work))
    again = due(at(head_end, 14 * HOUR_S + 700 + recall.SOON_S), index)
    assert {read.terminal for read in again if read.day == DAY} == set(TERMINALS)
    assert head_end.unit(lambda work: recall.resume(work=work)) > 0
    answer(head_end, again, "silent")
    assert head_end.unit(lambda work: recall.resume(work=work)) == 0
