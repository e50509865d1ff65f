"""Setting a clock: by the way the meter takes, once, not around midnight, believed only when it is read back."""

from datetime import UTC, datetime, timedelta

import pytest

from metering.control.test_control import ELECTRIC, WATER, control
from metropool.capabilities.metering.control import operations
from metropool.capabilities.metering.frontend.tasks import Answer, ClockShown, ReadClock, SetClock
from metropool.core.errors import Invalid
from metropool.facts.registry import tables as t

__all__ = ["control"]
DAY = timedelta(days=1)


def knows(control, ahead_s, device="E1", number=ELECTRIC):
    """The clock of a device was read and is ahead by so much."""

    def note(work):
        work.clocks.enrol(due_at=0)

    control(note)
    return control(noted, told={device: shown(control, ahead_s, number)})


def noted(work, told):
    from metropool.capabilities.metering.clocks.operations import note_shown

    note_shown(work=work, told=told)


def shown(control, ahead_s, number=ELECTRIC):
    now_ms = int(control.now.timestamp() * 1000)
    at = None if ahead_s is None else now_ms // 1000 + ahead_s
    return ClockShown(device=number, shown_at=at, asked_at=now_ms, heard_at=now_ms)


def sent(control, device="E1", key="k1"):
    command = control.order("synchronize_clock", device, key=key)
    assert command.state == "approved", "no second person"
    ((sent, task),) = control(operations.send_due)
    assert (sent.id, type(task)) == (command.id, SetClock)
    return sent, task


def read_back(control, command, ahead_s, number=ELECTRIC):
    answer = Answer(task="x", result="answered", at=0, clocks=[shown(control, ahead_s, number)])
    return control(operations.record_read_back, id=command.id, answer=answer)


def state_of(control, device="E1"):
    return control(lambda work: (work.clocks.of([device])[device], work.events.of(device=device)))


def test_a_clock_off_by_less_than_five_minutes_takes_a_time_set_and_is_believed_when_read(control):
    knows(control, 250)
    command, task = sent(control)
    assert (task.meter, task.authority) == (ELECTRIC, b"")
    assert control(operations.send_due) == [], "sent at most once"
    assert control.answer(command, "answered").state == "accepted"
    control.now += timedelta(seconds=2)
    ((_, read),) = control(operations.read_backs_due)
    assert (type(read), read.meters) == (ReadClock, [ELECTRIC])
    done = read_back(control, command, 1)
    assert (done.outcome, done.read_back["clock"]["ahead_ms"]) == ("done", 1000)
    clock, events = state_of(control)
    assert (clock.ahead_ms, clock.off_since, events) == (1000, None, [])


def test_a_clock_off_by_more_is_written_with_the_password_and_the_alarm_ends(control):
    knows(control, -1380)
    assert state_of(control)[0].off_since is not None
    command, task = sent(control)
    assert task.authority == bytes.fromhex("02563412" + "01000000")
    control.answer(command, "answered")
    control.now += timedelta(seconds=2)
    read_back(control, command, 0)
    clock, events = state_of(control)
    assert (clock.off_since, {event.code for event in events}) == (None, {"clock_off", "clock_right"})


def test_a_second_time_set_on_one_day_would_not_be_taken_so_the_clock_is_written(control):
    knows(control, 100)
    command, _ = sent(control)
    control.answer(command, "answered")
    control.now += timedelta(minutes=1)
    refused = read_back(control, command, 100)
    assert (refused.outcome, refused.note) == ("refused", "the device did not act")
    assert sent(control, key="k2")[1].authority
    control.now += DAY
    assert not sent(control, key="k3")[1].authority


def test_a_meter_whose_password_nobody_knows_is_refused_when_it_would_have_to_be_written(control):
    control(lambda work: work.context.connection.execute(t.end_device.update().values(settings={})))
    knows(control, 400)
    with pytest.raises(Invalid, match="password"):
        control.order("synchronize_clock")
    knows(control, 200)
    assert control.order("synchronize_clock").state == "approved"


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_no_clock_is_set_around_midnight_also_when_it_was_ordered_before(control, minutes):
    midnight = datetime(2026, 7, 1, 16, 0, tzinfo=UTC)
    control.now = midnight - timedelta(minutes=6)
    control.order("synchronize_clock")
    control.now = midnight + timedelta(minutes=minutes)
    assert control(operations.send_due) == []
    (command,) = control(lambda work: work.commands.recent())
    assert (command.outcome, "midnight" in command.note) == ("refused", True)
    with pytest.raises(Invalid, match="midnight"):
        control.order("synchronize_clock", key="k2")


def test_a_lost_time_set_is_unknown_until_the_clock_is_read_and_never_sent_again(control):
    knows(control, 60)
    command, _ = sent(control)
    assert control.answer(command, "lost").outcome == "unknown"
    assert read_back(control, command, 60).outcome == "unknown", "it may still be on its way"
    assert control(operations.send_due) == []
    assert read_back(control, command, 0).outcome == "done"


def test_a_refusal_by_the_meter_is_told_with_its_reason(control):
    knows(control, 600)
    command, _ = sent(control)
    refused = control.answer(command, "denied", detail="password_or_authority")
    assert (refused.outcome, refused.note) == ("refused", "password_or_authority")


def test_a_flow_meter_is_set_whatever_it_shows_and_needs_no_password(control):
    knows(control, None, device="W1", number=WATER)
    assert state_of(control, "W1")[0].outcome == "no_time"
    command, task = sent(control, "W1")
    assert (task.meter, task.authority) == (WATER, b"")
    control.answer(command, "answered")
    control.now += timedelta(seconds=2)
    assert read_back(control, command, 0, WATER).outcome == "done"


def test_the_same_key_sets_once_also_on_a_later_day(control):
    knows(control, 60)
    command, _ = sent(control)
    control.answer(command, "answered")
    first = control.order("synchronize_clock", expires_at=control.now + timedelta(hours=1))
    assert (first.id, first.state) == (command.id, "accepted")
