"""A limit on the pages: ordered with its minutes, shown with its end, refused in words."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from metropool.capabilities.metering.control import operations
from metropool.capabilities.metering.frontend.tasks import Answer, Value
from metropool.core.errors import Conflict, Forbidden, Invalid
from metropool.core.quantities import reading_type
from metropool.devices.addresses import pack_dlt645
from metropool.facts.registry.tables import end_device
from metropool.portal.desks.operator.commands import CommandsDesk
from metropool.portal.desks.operator.metering import MeteringDesk
from metropool.portal.told import told
from portal.desks.conftest import NOW, NOW_S
from portal.desks.test_commands_desk import METER, decide, guarantee, listed, order, record, send

KIND, OFF_METER = "limit_supply", "meter-electricity-0002"
RELAY = reading_type("electricity_relay_state").id


def effect(station, meter=METER, kind=KIND):
    return station.ask(CommandsDesk, lambda desk: desk.effect(kind=kind, meter=meter))


def limit(station, meter=METER):
    return station.ask(MeteringDesk, lambda desk: desk.meter(meter=meter)).limit


def command(station, number):
    return station.ask(CommandsDesk, lambda desk: desk.command(command=number))


def sent(station):
    number = order(station, kind=KIND, minutes=30).id
    decide(station, number, approve=True)
    send(station)
    return number


def read_back(station, number, value):
    def note(work):
        address = work.registry.one(end_device, id=METER)["address"]
        seen = Value(device=pack_dlt645(address), point=0, item=RELAY, at=NOW_S, value=value)
        operations.record_read_back(work=work, id=number, answer=Answer(task="x", result="answered", at=0, values=[seen]))

    station.node.write_now("metering", note)


class TestOrdering:
    def test_waits_for_a_second_person_and_bears_its_minutes(self, fresh_station):
        found = order(fresh_station, kind=KIND, minutes=30)
        assert (found.state, found.minutes, found.needs_approval, found.back_by) == ("awaiting_approval", 30, True, None)
        assert found.kind_name.zh == "限时停电（自动复电）"

    def test_needs_its_minutes_which_nothing_else_takes(self, fresh_station):
        for kind, minutes in ((KIND, None), ("disconnect", 30)):
            with pytest.raises(Invalid) as refusal:
                order(fresh_station, kind=kind, minutes=minutes)
            assert [fault.where for fault in refusal.value.faults] == ["minutes"]

    @pytest.mark.parametrize("minutes", [0, 4, 7, 1280])
    def test_takes_no_other_time_than_the_frame_has(self, fresh_station, minutes):
        with pytest.raises(ValidationError):
            order(fresh_station, kind=KIND, minutes=minutes)

    def test_where_supply_is_guaranteed_it_is_forbidden(self, fresh_station):
        guarantee(fresh_station)
        with pytest.raises(Forbidden):
            order(fresh_station, kind=KIND, minutes=30)

    def test_while_one_runs_there_is_neither_another_nor_a_cut_for_good(self, fresh_station):
        read_back(fresh_station, sent_and_accepted(fresh_station), 3)
        for kind, minutes in ((KIND, 60), ("disconnect", None)):
            with pytest.raises(Conflict) as refusal:
                order(fresh_station, kind=kind, minutes=minutes, key="k2")
            assert "先复电" in told(refusal.value).error.message_zh
        assert listed(fresh_station).total == 1
        assert effect(fresh_station, kind="reconnect").allowed


def sent_and_accepted(station):
    number = sent(station)
    record(station, number, Answer(task=number, result="answered", at=NOW_S * 1000))
    return number


class TestEffect:
    def test_says_how_many_homes_lose_supply_for_a_time(self, station):
        found = effect(station)
        assert (found.homes, found.allowed, found.needs_approval, found.needs_minutes) == (1, True, True, True)
        assert not effect(station, kind="disconnect").needs_minutes

    @pytest.mark.parametrize(
        ("meter", "words"),
        [
            ("meter-water-0001", "no order that ends by itself"),
            ("meter-gas-0001", "no order that ends by itself"),
            (OFF_METER, "off already"),
        ],
    )
    def test_says_why_not(self, station, meter, words):
        found = effect(station, meter)
        assert not found.allowed
        assert words in found.refusal.en


class TestMeter:
    def test_shows_from_when_to_when_supply_is_off(self, fresh_station):
        assert limit(fresh_station) is None
        number = sent_and_accepted(fresh_station)
        shown = limit(fresh_station)
        assert (shown.command, shown.state, shown.off_since, shown.back_by) == (number, "sent", None, None)
        read_back(fresh_station, number, 3)
        shown = limit(fresh_station)
        assert (shown.state, shown.minutes, shown.off_since) == ("off", 30, NOW)
        assert (shown.back_by, shown.back_at_latest) == (NOW + timedelta(minutes=30), NOW + timedelta(minutes=35))
        found = command(fresh_station, number)
        assert (found.state, found.outcome, found.back_by) == ("holding", None, shown.back_by)
        assert [step.step for step in found.steps][-2:] == ["answered", "holding"]

    def test_of_which_nobody_knows_says_so(self, fresh_station):
        number = sent(fresh_station)
        record(fresh_station, number, Answer(task=number, result="lost", at=NOW_S * 1000))
        assert limit(fresh_station).state == "unknown"

    def test_says_nothing_more_once_supply_is_back(self, fresh_station):
        number = sent_and_accepted(fresh_station)
        for value in (3, 0):
            read_back(fresh_station, number, value)
        assert limit(fresh_station) is None
        found = command(fresh_station, number)
        assert (found.outcome, found.outcome_detail.zh) == ("done", "到时自动复电，回读确认")
        assert [step.step for step in found.steps][-3:] == ["holding", "read_back", "finished"]
