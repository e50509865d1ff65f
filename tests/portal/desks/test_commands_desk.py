"""What operators order, decide and follow: two persons, refusals in words, steps as they happened."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from metropool.capabilities.metering.control import operations
from metropool.capabilities.metering.frontend.tasks import Answer, Value
from metropool.core.errors import Conflict, Forbidden, Invalid, NotFound
from metropool.facts.registry.tables import end_device
from metropool.portal.desks.operator.commands import CommandsDesk
from metropool.portal.ports.asked import Asked, Sort
from metropool.portal.schemas.commands import NewCommand
from portal.desks.conftest import DAILY, NOW, NOW_S

METER = "meter-electricity-0001"


def order(station, kind="disconnect", meter=METER, key="k1", by="ann", minutes=None):
    wanted = NewCommand(kind=kind, meter=meter, reason="arrears", minutes=minutes)
    return station.do(CommandsDesk, lambda desk: desk.order(wanted=wanted, by=by, key=key))


def listed(station, **asked):
    given = {"state": None, "meter": None, "kind": None, "asked": Asked(), **asked}
    return station.ask(CommandsDesk, lambda desk: desk.commands(**given))


def guarantee(station, usage_point="electricity-0001"):
    given = {"usage_point": usage_point, "reason": "hospital", "valid_from": date(2026, 1, 1), "noted_by": "eve"}
    station.node.write_now("metering", lambda work: work.guarantees.add(**given))


class TestOrdering:
    def test_a_switching_waits_for_a_second_person(self, fresh_station):
        found = order(fresh_station)
        assert (found.state, found.outcome, found.needs_approval) == ("awaiting_approval", None, True)
        assert [(step.step, step.by) for step in found.steps] == [("ordered", "ann")]
        assert found.expires_at == NOW + timedelta(hours=1)

    def test_the_same_key_gives_the_same_command(self, fresh_station):
        assert order(fresh_station).id == order(fresh_station).id
        assert listed(fresh_station).total == 1

    def test_a_read_needs_nobody_else_and_asks_for_the_dial(self, fresh_station):
        found = order(fresh_station, kind="read_on_demand")
        assert (found.state, [step.step for step in found.steps]) == ("queued", ["ordered", "approved", "queued"])
        kept = fresh_station.node.read_now("metering", lambda work: work.commands.get(id=found.id))
        assert kept.item == DAILY

    def test_where_supply_is_guaranteed_it_is_forbidden(self, fresh_station):
        guarantee(fresh_station)
        with pytest.raises(Forbidden):
            order(fresh_station)
        assert order(fresh_station, kind="reconnect").state == "awaiting_approval"

    @pytest.mark.parametrize(
        ("kind", "meter"),
        [("close_valve", METER)],
    )
    def test_what_the_meter_cannot_do_is_a_conflict(self, fresh_station, kind, meter):
        with pytest.raises(Conflict):
            order(fresh_station, kind=kind, meter=meter)

    def test_gas_is_opened_only_with_somebody_on_the_spot(self, fresh_station):
        wanted = NewCommand(kind="open_valve", meter="meter-gas-0001", reason="paid")
        with pytest.raises(Invalid) as refusal:
            fresh_station.do(CommandsDesk, lambda desk: desk.order(wanted=wanted, by="ann", key="k1"))
        assert [fault.where for fault in refusal.value.faults] == ["on_site_by"]
        wanted = NewCommand(kind="open_valve", meter="meter-gas-0001", reason="paid", on_site_by="Zhao, gas fitter")
        found = fresh_station.do(CommandsDesk, lambda desk: desk.order(wanted=wanted, by="ann", key="k1"))
        assert (found.state, found.on_site_by) == ("awaiting_approval", "Zhao, gas fitter")
        kept = fresh_station.node.read_now("metering", lambda work: work.commands.get(id=found.id))
        assert kept.on_site_by == "Zhao, gas fitter"

    def test_who_was_on_the_spot_is_kept_only_where_it_matters(self, fresh_station):
        wanted = NewCommand(kind="disconnect", meter=METER, reason="arrears", on_site_by="Zhao")
        assert fresh_station.do(CommandsDesk, lambda desk: desk.order(wanted=wanted, by="ann", key="k1")).on_site_by is None

    def test_for_no_meter_is_not_found(self, fresh_station):
        with pytest.raises(NotFound):
            order(fresh_station, meter="meter-9")


class TestProfile:
    def test_is_set_by_one_person_and_shows_where_the_terminal_keeps_the_meter(self, fresh_station):
        number = order(fresh_station, kind="set_profile").id
        ((_, task),) = send(fresh_station)
        assert (task.profile.point, task.profile.address) == point_and_address(fresh_station)
        record(fresh_station, number, Answer(task=number, result="answered", at=NOW_S * 1000))
        answer = Answer(task=number, result="answered", at=NOW_S * 1000, profiles=[task.profile])
        fresh_station.node.write_now("metering", lambda work: operations.record_read_back(work=work, id=number, answer=answer))
        found = fresh_station.ask(CommandsDesk, lambda desk: desk.command(command=number))
        assert (found.outcome, found.approved_by, found.needs_approval) == ("done", None, False)
        assert [step.step for step in found.steps][-3:] == ["answered", "read_back", "finished"]
        assert [(one.reading_type, int(one.figure.value)) for one in found.result] == [("measuring_point", task.profile.point)]

    def test_that_the_terminal_does_not_keep_is_refused_and_shows_what_it_keeps(self, fresh_station):
        number = order(fresh_station, kind="set_profile").id
        ((_, task),) = send(fresh_station)
        record(fresh_station, number, Answer(task=number, result="answered", at=NOW_S * 1000))
        fresh_station.node.clock.advance(timedelta(seconds=5))
        kept = replace(task.profile, point=99)
        answer = Answer(task=number, result="answered", at=NOW_S * 1000, profiles=[kept])
        fresh_station.node.write_now("metering", lambda work: operations.record_read_back(work=work, id=number, answer=answer))
        found = fresh_station.ask(CommandsDesk, lambda desk: desk.command(command=number))
        assert (found.outcome, found.outcome_detail.zh) == ("refused", "终端档案与下发内容不符")
        assert [int(one.figure.value) for one in found.result] == [99]

    @pytest.mark.parametrize(
        ("meter", "why"),
        [("meter-electricity-0010", "No 376.1 terminal"), ("meter-water-0001", "cannot hold the address")],
    )
    def test_of_a_meter_no_terminal_keeps_is_refused_with_its_reason(self, station, meter, why):
        effect = station.ask(CommandsDesk, lambda desk: desk.effect(kind="set_profile", meter=meter))
        assert (effect.allowed, why in effect.refusal.en) == (False, True)
        with pytest.raises(Conflict, match=why):
            order(station, kind="set_profile", meter=meter)

    def test_affects_nobody_and_says_what_it_writes(self, station):
        found = station.ask(CommandsDesk, lambda desk: desk.effect(kind="set_profile", meter=METER))
        assert (found.homes, found.allowed, found.needs_approval, found.expires_in_s) == (0, True, False, 300)
        assert "reads them back" in found.effect.en


def point_and_address(station):
    (row,) = station.node.read_now("metering", lambda work: work.registry.rows(end_device, id=METER))
    return row["point"], row["address"]


class TestDeciding:
    def test_the_second_person_is_another(self, fresh_station):
        found = order(fresh_station)
        for approve in (True, False):
            with pytest.raises(Forbidden):
                decide(fresh_station, found.id, approve=approve, by="ann")

    def test_an_approved_command_is_queued(self, fresh_station):
        found = decide(fresh_station, order(fresh_station).id, approve=True)
        assert (found.state, found.approved_by) == ("queued", "bob")

    def test_the_reason_of_the_second_person_stays_with_the_command(self, fresh_station):
        number = order(fresh_station).id
        decide(fresh_station, number, approve=True)
        send(fresh_station)
        found = fresh_station.ask(CommandsDesk, lambda desk: desk.command(command=number))
        told = [(step.step, step.by, step.detail and step.detail.zh) for step in found.steps]
        assert told[1:3] == [("approved", "bob", "not now"), ("queued", "bob", None)]
        assert found.outcome_detail is None

    def test_a_rejected_command_is_over_with_the_reason(self, fresh_station):
        found = decide(fresh_station, order(fresh_station).id, approve=False)
        assert (found.state, found.outcome, found.finished_at) == ("finished", "refused", NOW)
        assert [(step.step, step.by) for step in found.steps[1:]] == [("rejected", "bob"), ("finished", "bob")]
        assert found.outcome_detail.en == "not now"
        with pytest.raises(Conflict):
            decide(fresh_station, found.id, approve=False)

    def test_a_cancelled_command_cannot_be_cancelled_again(self, fresh_station):
        number = order(fresh_station).id
        found = fresh_station.do(CommandsDesk, lambda desk: desk.cancel(command=number, reason="paid", by="ann"))
        assert [step.step for step in found.steps] == ["ordered", "cancelled", "finished"]
        with pytest.raises(Conflict):
            fresh_station.do(CommandsDesk, lambda desk: desk.cancel(command=number, reason="paid", by="ann"))


def decide(station, number, *, approve, by="bob"):
    return station.do(CommandsDesk, lambda desk: desk.decide(command=number, approve=approve, reason="not now", by=by))


class TestFollowing:
    def test_a_read_brings_its_value_back(self, fresh_station):
        number = order(fresh_station, kind="read_on_demand").id
        send(fresh_station)
        value = Value(device=1, point=0, item=DAILY, at=NOW_S, value=10_234_500)
        record(fresh_station, number, Answer(task=number, result="answered", at=NOW_S * 1000, values=[value]))
        found = fresh_station.ask(CommandsDesk, lambda desk: desk.command(command=number))
        assert (found.state, found.outcome) == ("finished", "done")
        assert [(one.reading_type, str(one.figure.value)) for one in found.result] == [
            ("electricity_forward_register", "1023.4500"),
        ]
        assert [step.step for step in found.steps] == ["ordered", "approved", "queued", "sent", "answered", "finished"]

    def test_a_lost_answer_is_unknown_and_says_go_and_look(self, fresh_station):
        number = order(fresh_station).id
        decide(fresh_station, number, approve=True)
        send(fresh_station)
        record(fresh_station, number, Answer(task=number, result="lost", at=NOW_S * 1000))
        found = fresh_station.ask(CommandsDesk, lambda desk: desk.command(command=number))
        assert (found.state, found.outcome) == ("finished", "unknown")
        assert "现场" in found.outcome_detail.zh
        assert fresh_station.ask(CommandsDesk, lambda desk: desk.summary()).unknown == 1


def send(station):
    return station.node.write_now("metering", lambda work: operations.send_due(work=work))[0]


def record(station, number, answer):
    station.node.write_now("metering", lambda work: operations.record_answer(work=work, id=number, answer=answer))


class TestList:
    def test_filters_sorts_and_counts(self, fresh_station):
        for i, kind in enumerate(("disconnect", "reconnect", "read_on_demand")):
            order(fresh_station, kind=kind, key=f"k{i}")
        assert listed(fresh_station, state="awaiting_approval").total == 2
        assert [one.kind for one in listed(fresh_station, kind="reconnect").rows] == ["reconnect"]
        by_kind = listed(fresh_station, asked=Asked(size=2, sort=(Sort("kind", True),)))
        assert ([one.kind for one in by_kind.rows], by_kind.total) == (["reconnect", "read_on_demand"], 3)
        assert all(one.steps for one in by_kind.rows)

    def test_a_column_that_is_not_kept_cannot_be_sorted_by(self, fresh_station):
        with pytest.raises(Invalid):
            listed(fresh_station, asked=Asked(sort=(Sort("address", False),)))


class TestSummary:
    def test_without_commands_says_so(self, station):
        found = station.ask(CommandsDesk, lambda desk: desk.summary())
        assert (found.answered_rate.value, found.median_s.value) == (None, None)
        assert found.answered_rate.reason

    def test_counts_what_waits(self, fresh_station):
        order(fresh_station)
        order(fresh_station, kind="read_on_demand", key="k2")
        found = fresh_station.ask(CommandsDesk, lambda desk: desk.summary())
        assert (found.awaiting_approval, found.waiting) == (1, 1)


class TestEffect:
    def test_says_how_many_homes_lose_supply(self, station):
        found = station.ask(CommandsDesk, lambda desk: desk.effect(kind="disconnect", meter=METER))
        assert (found.homes, found.allowed, found.needs_approval) == (1, True, True)
        assert found.effect.en == "Homes that lose power: 1."

    def test_of_a_read_affects_nobody(self, station):
        found = station.ask(CommandsDesk, lambda desk: desk.effect(kind="read_on_demand", meter=METER))
        assert (found.homes, found.allowed, found.needs_approval) == (0, True, False)

    def test_of_a_guarantee_is_a_refusal_with_its_reason(self, fresh_station):
        guarantee(fresh_station)
        found = fresh_station.ask(CommandsDesk, lambda desk: desk.effect(kind="disconnect", meter=METER))
        assert (found.allowed, found.supply_guaranteed) == (False, True)
        assert "hospital" in found.refusal.en

    def test_of_opening_gas_asks_for_somebody_on_the_spot(self, station):
        found = station.ask(CommandsDesk, lambda desk: desk.effect(kind="open_valve", meter="meter-gas-0001"))
        assert (found.allowed, found.needs_on_site, found.refusal) == (True, True, None)
        shut = station.ask(CommandsDesk, lambda desk: desk.effect(kind="close_valve", meter="meter-gas-0001"))
        assert (shut.allowed, shut.needs_on_site) == (True, False)
        assert (found.effect.zh, shut.effect.en) == ("1 户将恢复供气。", "Homes that lose gas: 1.")
