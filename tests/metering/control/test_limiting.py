"""A cut that ends by itself: refused where it would hide or lengthen another, believed off and on again by read-backs only."""

from datetime import timedelta

import pytest

from metering.control.test_clock_setting import knows
from metering.control.test_control import ELECTRIC, HOUR, control
from metropool.capabilities.metering.control import limiting, operations, queries
from metropool.core.errors import Invalid
from metropool.devices.explain import explain

__all__ = ["control"]
CLOSED, WAITS, OPEN = 0, 2, 3
"""Relay closed; told to open and still closed; open."""

MINUTE, KIND = timedelta(minutes=1), limiting.KIND


def limited(control, minutes=30, key="k1"):
    """A limit that was sent and accepted."""
    command, _ = control.sent(KIND, minutes=minutes, key=key)
    return control.answer(command, "answered")


def held(control, minutes=30, key="k1"):
    """A limit that was seen off five seconds after it was sent."""
    command = limited(control, minutes, key)
    control.now += timedelta(seconds=5)
    return control.read_back(command, OPEN)


def state_of(control, command):
    return control(queries.timeline, id=command.id).command.state


def asked(control):
    return [command.id for command, _ in control(operations.read_backs_due)]


class TestSending:
    def test_the_frame_says_how_long_and_is_valid_no_longer_than_the_shortest_limit(self, control):
        command, task = control.sent(KIND, minutes=30)
        told = explain("dlt645", task.frame)
        assert (told["command"], told["limit_min"], told["valid_until"]) == ("1D", 30, "2026-07-01T12:05:00")
        assert task.expires_at == int((control.now + 5 * MINUTE).timestamp() * 1000) < command.expires_at

    def test_an_order_about_to_expire_is_valid_to_its_expiry_only(self, control):
        command = control.approved(KIND, minutes=30, expires_at=control.now + 2 * MINUTE)
        ((_, task),) = control(operations.send_due)
        assert task.expires_at == command.expires_at

    @pytest.mark.parametrize("minutes", [0, -5, 4, 7, 1280, 100_000])
    def test_no_other_time_than_the_frame_has_is_taken(self, control, minutes):
        with pytest.raises(Invalid):
            control.order(KIND, minutes=minutes)

    def test_minutes_belong_to_a_limit_and_to_nothing_else(self, control):
        for kind, minutes in ((KIND, None), ("disconnect", 30)):
            with pytest.raises(Invalid):
                control.order(kind, minutes=minutes)

    @pytest.mark.parametrize("device", ["W1", "G1"])
    def test_water_and_gas_have_no_such_order(self, control, device):
        with pytest.raises(Invalid) as refusal:
            control.order(KIND, device, minutes=30)
        assert refusal.value.key == "metering.limit_no_order"

    def test_takes_two_persons_and_is_not_for_guaranteed_supply(self, control):
        assert control.order(KIND, minutes=30).state == "ordered"
        assert control(operations.send_due) == []
        given = {"usage_point": "up-E1", "reason": "hospital", "valid_from": control.now.date(), "noted_by": "chen"}
        control(lambda work: work.guarantees.add(**given))
        assert control.order(KIND, minutes=30, key="k2").state == "refused"

    def test_the_same_key_is_one_limit_also_when_it_runs(self, control):
        command = held(control)
        assert control.order(KIND, minutes=30, expires_at=control.now - timedelta(seconds=5) + HOUR).id == command.id
        assert control(operations.send_due) == []


class TestProof:
    def test_is_done_only_when_supply_was_read_back_off_and_on_again(self, control):
        command = limited(control)
        control.now += timedelta(seconds=5)
        assert asked(control) == [command.id]
        assert control.read_back(command, WAITS).state == "accepted"
        off = control.read_back(command, OPEN)
        assert (off.state, off.outcome) == ("holding", None)
        assert limiting.back_by(off) == int((control.now + 30 * MINUTE).timestamp() * 1000)
        control.now += 30 * MINUTE
        assert asked(control) == [], "it has not had its time"
        control.now += timedelta(seconds=4)
        assert asked(control) == [command.id]
        done = control.read_back(command, CLOSED)
        assert (done.state, done.outcome, done.note) == ("confirmed", "done", limiting.BACK)
        steps = control(queries.timeline, id=command.id).steps
        assert [step.state for step in steps][-3:] == ["accepted", "holding", "confirmed"]

    def test_counts_from_the_opening_that_was_seen_when_the_relay_waited_for_its_load(self, control):
        command = limited(control, minutes=5)
        control.now += 11 * MINUTE
        assert control.read_back(command, WAITS).state == "accepted", "neither refused nor done"
        off = control.read_back(command, OPEN)
        assert limiting.back_by(off) == limiting.back_at_latest(off) == int((control.now + 5 * MINUTE).timestamp() * 1000)

    def test_a_relay_that_was_never_opened_is_a_refusal_while_it_could_not_be_over(self, control):
        command = limited(control)
        control.now += timedelta(seconds=5)
        assert control.read_back(command, CLOSED).outcome == "refused"

    def test_closed_when_it_could_be_over_proves_nothing(self, control):
        command = limited(control, minutes=5)
        control.now += 6 * MINUTE
        found = control.read_back(command, CLOSED)
        assert (found.outcome, found.note) == ("unknown", limiting.NOT_SEEN)
        control.now += HOUR
        assert control.read_back(found, CLOSED).outcome == "unknown"

    def test_a_lost_answer_is_read_back_and_a_limit_at_work_is_followed_to_its_end(self, control):
        command, _ = control.sent(KIND, minutes=30)
        control.answer(command, "lost")
        assert control.read_back(command, OPEN).state == "holding"
        control.now += 31 * MINUTE
        assert control.read_back(command, CLOSED).outcome == "done"

    def test_a_relay_that_stays_open_is_unknown_and_read_on_till_it_closes(self, control):
        command = held(control, minutes=5)
        control.now += 6 * MINUTE
        assert asked(control) == [command.id]
        assert control.read_back(command, OPEN).state == "holding", "a repeat may have made it count again"
        assert asked(control) == [], "not twice within half a minute"
        control.now += 6 * MINUTE
        late = control.read_back(command, OPEN)
        assert (late.state, late.note) == ("unknown", limiting.NOT_BACK)
        assert asked(control) == [command.id]
        assert control.read_back(late, OPEN).state == "unknown"
        assert control.read_back(late, CLOSED).outcome == "done"

    def test_an_end_that_nobody_could_read_is_unknown(self, control):
        command = held(control, minutes=5)
        control.now += 21 * MINUTE
        control(operations.read_backs_due)
        found = control(queries.timeline, id=command.id).command
        assert (found.outcome, found.note) == ("unknown", "no proof that supply came back")

    def test_a_restart_keeps_it_and_sends_nothing(self, control):
        command = held(control)
        assert control(operations.resume) == []
        assert control(operations.send_due) == []
        assert state_of(control, command) == "holding"


class TestBesideOthers:
    @pytest.mark.parametrize(("kind", "minutes"), [(KIND, 60), ("disconnect", None)])
    def test_nothing_cuts_again_while_a_limit_runs(self, control, kind, minutes):
        command = held(control)
        second = control.order(kind, key="k2", minutes=minutes)
        assert (second.outcome, second.note) == ("refused", "a limit is under way")
        control.now += 31 * MINUTE
        control.read_back(command, CLOSED)
        assert control.order(kind, key="k3", minutes=minutes).state == "ordered"

    def test_two_that_were_approved_together_are_sent_once(self, control):
        first = control.approved(KIND, minutes=30)
        control.now += timedelta(seconds=1)
        second = control.approved(KIND, minutes=60, key="k2")
        ((sent, _),) = control(operations.send_due)
        assert sent.id == first.id
        assert state_of(control, second) == "refused"

    def test_one_whose_outcome_is_unknown_holds_others_off_till_it_is_over_for_sure(self, control):
        command, _ = control.sent(KIND, minutes=30)
        control.answer(command, "lost")
        assert control.order("disconnect", key="k2").state == "refused"
        control.now += 35 * MINUTE
        assert control.order("disconnect", key="k3").state == "ordered"

    def test_supply_that_was_cut_for_good_is_not_restored_by_a_limit(self, control):
        cut, _ = control.sent()
        control.answer(cut, "answered")
        control.read_back(cut, OPEN)
        refused = control.order(KIND, key="k2", minutes=30)
        assert (refused.outcome, refused.note) == ("refused", "supply is cut: a limit would restore it")

    def test_a_reconnection_ends_it(self, control):
        command = held(control)
        control.now += 5 * MINUTE
        back, _ = control.sent("reconnect", key="k2")
        control.answer(back, "answered")
        control.read_back(back, CLOSED)
        ended = control(queries.timeline, id=command.id).command
        assert (ended.outcome, ended.note) == ("done", limiting.RESTORED)
        assert control.order(KIND, key="k3", minutes=30).state == "ordered"

    def test_a_reconnection_of_which_nobody_knows_ends_nothing(self, control):
        held(control)
        back, _ = control.sent("reconnect", key="k2")
        control.answer(back, "lost")
        assert control.order("disconnect", key="k3").note == "a limit is under way"
        control.read_back(back, CLOSED)
        assert control.order("disconnect", key="k4").state == "ordered"

    def test_a_cut_stands_until_a_reconnection_was_read_back(self, control):
        cut, _ = control.sent()
        control.answer(cut, "answered")
        control.read_back(cut, OPEN)
        control.now += MINUTE
        back, _ = control.sent("reconnect", key="k2")
        control.answer(back, "lost")
        assert control.order(KIND, key="k3", minutes=30).state == "refused"
        control.read_back(back, CLOSED)
        assert control.order(KIND, key="k4", minutes=30).state == "ordered"

    def test_a_clock_that_is_off_cannot_judge_the_expiry(self, control):
        knows(control, -400)
        refused = control.order(KIND, minutes=30)
        assert (refused.outcome, refused.note) == ("refused", "the meter's clock is off")
        assert control.order("disconnect", key="k2").state == "ordered"


def test_a_read_back_of_another_meter_shows_nothing(control):
    command = limited(control)
    assert control.read_back(command, OPEN, device=ELECTRIC + 1).state == "accepted"
