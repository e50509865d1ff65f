"""Setting a profile: what the registry says is written, once, and believed only when the terminal tells just that."""

from dataclasses import replace
from datetime import timedelta

import pytest

from metering.control.test_control import ELECTRIC, control
from metropool.capabilities.metering.control import operations, profile_setting
from metropool.capabilities.metering.frontend.tasks import Answer, ReadProfile, SetProfile
from metropool.core.errors import Conflict, Invalid
from metropool.devices.addresses import pack_terminal
from metropool.devices.catalog import device_model
from metropool.devices.gdw1376.profile import MeterProfile
from metropool.facts.registry import tables as t

__all__ = ["control"]
POINT = 7
WRITTEN = MeterProfile(
    number=POINT, point=POINT, speed=3, port=31, protocol=30, address="000000000001", tariffs=4, integers=6, decimals=2
)


@pytest.fixture
def metered(control):
    change(control, "E1", point=POINT)
    return control


def change(control, device, **values):
    row = t.end_device
    control(lambda work: work.context.connection.execute(row.update().where(row.c.id == device).values(**values)))


def sent(control, key="k1", **values):
    command = control.order("set_profile", key=key, **values)
    assert command.state == "approved", "no second person"
    ((sent, task),) = control(operations.send_due)
    assert (sent.id, type(task)) == (command.id, SetProfile)
    return sent, task


def read_back(control, command, profiles, result="answered"):
    answer = Answer(task="x", result=result, at=0, profiles=profiles)
    return control(operations.record_read_back, id=command.id, answer=answer)


def accepted(control):
    command, _ = sent(control)
    assert control.answer(command, "answered").state == "accepted"
    control.now += timedelta(seconds=5)
    return command


def test_what_the_registry_says_is_written_once_and_done_when_just_that_is_read_back(metered):
    command, task = sent(metered)
    assert (task.profile, task.terminal) == (WRITTEN, pack_terminal(region="1101", terminal=1))
    assert metered(operations.send_due) == [], "sent at most once"
    assert metered.answer(command, "answered").outcome is None, "the terminal's word alone is no proof"
    metered.now += timedelta(seconds=5)
    ((_, read),) = metered(operations.read_backs_due)
    assert (type(read), read.number, read.terminal) == (ReadProfile, POINT, task.terminal)
    done = read_back(metered, command, [replace(WRITTEN, number=8, point=8), WRITTEN])
    assert (done.state, done.outcome, done.read_back["profile"]["address"]) == ("confirmed", "done", "000000000001")


@pytest.mark.parametrize(
    ("profiles", "note"),
    [
        ([], "the device did not act"),
        ([replace(WRITTEN, number=8)], "the device did not act"),
        ([replace(WRITTEN, address="000000000002")], "the terminal keeps something else"),
        ([replace(WRITTEN, point=9)], "the terminal keeps something else"),
        ([replace(WRITTEN, protocol=1)], "the terminal keeps something else"),
        ([replace(WRITTEN, collector="000000000009")], "the terminal keeps something else"),
    ],
)
def test_a_terminal_that_tells_anything_else_did_not_do_it(metered, profiles, note):
    refused = read_back(metered, accepted(metered), profiles)
    assert (refused.outcome, refused.note) == ("refused", note)


def test_what_was_written_counts_also_when_the_registry_says_something_else_since(metered):
    command = accepted(metered)
    change(metered, "E1", point=POINT + 1)
    ((_, read),) = metered(operations.read_backs_due)
    assert read.number == POINT
    assert read_back(metered, command, [WRITTEN]).outcome == "done"


def test_an_archive_nobody_told_proves_nothing_and_after_a_while_the_outcome_is_unknown(metered):
    command = accepted(metered)
    assert read_back(metered, command, None, result="denied").state == "accepted"
    metered.now += timedelta(minutes=11)
    ((again, _),) = metered(operations.read_backs_due)
    assert (again.id, again.outcome) == (command.id, "unknown")
    assert read_back(metered, command, [WRITTEN]).outcome == "done"


def test_a_lost_write_is_unknown_until_it_is_read_and_never_sent_again(metered):
    command, _ = sent(metered)
    assert metered.answer(command, "lost").outcome == "unknown"
    assert read_back(metered, command, []).outcome == "unknown", "it may still be on its way"
    assert metered(operations.send_due) == []
    metered.now += timedelta(hours=2)
    assert read_back(metered, command, []).outcome == "refused"


def test_after_a_restart_what_was_sent_is_read_back(metered):
    command, _ = sent(metered)
    (lost,) = metered(operations.resume)
    assert (lost.id, lost.outcome) == (command.id, "unknown")
    ((_, read),) = metered(operations.read_backs_due)
    assert (type(read), read.number) == (ReadProfile, POINT)


def test_a_denial_ends_it_with_its_reason_and_a_late_one_is_never_sent(metered):
    command, _ = sent(metered)
    refused = metered.answer(command, "denied", detail="denied by the terminal")
    assert (refused.outcome, refused.note) == ("refused", "denied by the terminal")
    late = metered.order("set_profile", key="k2")
    metered.now += timedelta(hours=2)
    assert metered(operations.send_due) == []
    assert metered(lambda work: work.commands.get(id=late.id)).outcome == "expired"


@pytest.mark.parametrize(
    ("device", "values", "why"),
    [
        ("E1", {"parent": None, "point": POINT}, "metering.profile_no_terminal"),
        ("W1", {"point": POINT}, "metering.profile_no_archive"),
        ("E1", {"point": 0}, "metering.profile_no_point"),
    ],
)
def test_only_a_meter_of_which_a_376_terminal_keeps_a_row_can_have_it_set(control, device, values, why):
    change(control, device, **values)
    with pytest.raises(Invalid) as refused:
        control.order("set_profile", device)
    assert refused.value.key == why
    assert control(lambda work: work.commands.recent()) == []


def test_a_meter_that_was_taken_out_is_not_written_also_when_it_was_ordered_before(metered):
    metered.order("set_profile")
    taken_out = t.installation.update().values(valid_to=1)
    metered(lambda work: work.context.connection.execute(taken_out))
    assert metered(operations.send_due) == []
    (command,) = metered(lambda work: work.commands.recent())
    assert (command.outcome, command.note) == ("refused", "this meter serves nothing")
    with pytest.raises(Invalid, match="serves nothing"):
        metered.order("set_profile", key="k2")


def test_the_same_key_is_one_order_and_another_order_under_it_is_refused(metered):
    command, _ = sent(metered)
    assert metered.order("set_profile").id == command.id
    with pytest.raises(Conflict):
        metered.order("set_profile", reason="another")


def test_the_speed_and_the_places_are_those_of_the_model(metered, monkeypatch):
    model = replace(device_model("dlt645_single_phase"), speed_bd=9600, register_digits=5, register_decimals=3)
    monkeypatch.setattr(profile_setting, "device_model", {"m": model}.__getitem__)
    _, task = sent(metered)
    assert (task.profile.speed, task.profile.integers, task.profile.decimals) == (6, 5, 3)
    assert task.profile.password == "0" * 12, "no password of the meter goes to the terminal"
    assert task.profile.address == f"{ELECTRIC & (1 << 40) - 1:012d}"
