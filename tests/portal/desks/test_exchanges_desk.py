"""The desk of meter exchange: what it offers, records and tells, and when it will not."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from metropool.core.errors import Conflict, Invalid, NotFound
from metropool.portal.desks.operator.commands import CommandsDesk
from metropool.portal.desks.operator.exchanges import ExchangesDesk
from metropool.portal.desks.operator.metering import MeteringDesk
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas.exchanges import NewExchange
from portal.desks.conftest import NOW

METER = "meter-electricity-0003"


def wanted(**values):
    return NewExchange(
        **{
            "at": NOW - timedelta(minutes=1),
            "final_register": Decimal("500.5"),
            "final_source": "typed",
            "new_number": "440126900001",
            "new_protocol": "dlt645-2007",
            "new_address": "440126900001",
            "start_register": Decimal("0.12"),
            "reason": "worn out",
            **values,
        }
    )


def test_the_form_offers_the_newest_register_and_what_can_follow(station):
    form = station.ask(ExchangesDesk, lambda desk: desk.form(meter=METER))
    newest = station.ask(MeteringDesk, lambda desk: desk.meter(meter=METER)).register_
    assert (form.last_register, form.last_read_at, form.refusal) == (newest.value, newest.as_of, None)
    assert (form.protocols, form.has_point, form.unit) == (["dlt645-2007"], True, "kWh")
    assert not station.ask(ExchangesDesk, lambda desk: desk.form(meter="meter-water-0001")).has_point


def test_an_exchange_is_in_the_history_of_both_meters_and_the_old_one_takes_no_commands(fresh_station):
    last = fresh_station.ask(ExchangesDesk, lambda desk: desk.form(meter=METER)).last_register
    asked = wanted(final_register=last + 1)
    made = fresh_station.do(ExchangesDesk, lambda desk: desk.record(meter=METER, wanted=asked, by="ctrl1", key="k"))
    assert (made.version, made.is_current, made.recorded_by, made.final_source) == (1, True, "ctrl1", "typed")
    assert (made.final_register, made.start_register, made.new_point) == (last + 1, Decimal("0.12"), made.new_point)
    for meter in (METER, made.new_meter):
        (told,) = fresh_station.ask(ExchangesDesk, lambda desk, meter=meter: desk.history(meter=meter)).rows
        assert told == made
    old = fresh_station.ask(MeteringDesk, lambda desk: desk.meter(meter=METER))
    assert (old.state, old.commands_allowed, old.installations[0].to) == ("exchanged", [], asked.at)
    new = fresh_station.ask(MeteringDesk, lambda desk: desk.meter(meter=made.new_meter))
    assert new.usage_point.number == "electricity-0003"
    assert fresh_station.ask(ExchangesDesk, lambda desk: desk.form(meter=METER)).refusal is not None
    day: dict[str, Any] = {"start": NOW - timedelta(days=1), "end": NOW, "asked": Asked()}
    events = fresh_station.ask(MeteringDesk, lambda desk: desk.events(meter=METER, **day))
    assert [event.code for event in events.rows] == ["meter_exchanged"]
    assert events.rows[0].detail.en == f"{made.old_number} replaced by 440126900001"


def test_a_correction_is_a_second_version_beside_the_first(fresh_station):
    last = fresh_station.ask(ExchangesDesk, lambda desk: desk.form(meter=METER)).last_register
    record = wanted(final_register=last + 1)
    made = fresh_station.do(ExchangesDesk, lambda desk: desk.record(meter=METER, wanted=record, by="ctrl1", key="k"))
    right = wanted(final_register=last + 2, reason="read again")
    fresh_station.do(ExchangesDesk, lambda desk: desk.correct(exchange=made.id, wanted=right, by="ctrl2"))
    rows = fresh_station.ask(ExchangesDesk, lambda desk: desk.history(meter=METER)).rows
    assert [(row.version, row.is_current, row.final_register) for row in rows] == [(2, True, last + 2), (1, False, last + 1)]
    with pytest.raises(NotFound):
        fresh_station.do(ExchangesDesk, lambda desk: desk.correct(exchange="none", wanted=right, by="ctrl2"))


def test_what_cannot_be_is_refused(fresh_station):
    def record(meter=METER, **values):
        return fresh_station.do(
            ExchangesDesk, lambda desk: desk.record(meter=meter, wanted=wanted(**values), by="ctrl1", key="k")
        )

    with pytest.raises(Invalid, match="future"):
        record(at=NOW + timedelta(minutes=1))
    with pytest.raises(Invalid, match="registers"):
        record(final_register=Decimal(0))
    with pytest.raises(Conflict, match="registry"):
        record(new_number="440126000001", new_address="440126000001")
    with pytest.raises(NotFound):
        record(meter="meter-9")


def test_a_register_is_called_read_only_when_a_command_brought_it(fresh_station):
    with pytest.raises(Invalid, match="no read on demand"):
        read = wanted(final_source="read", read_command="none")
        fresh_station.do(ExchangesDesk, lambda desk: desk.record(meter=METER, wanted=read, by="ctrl1", key="k"))
    assert fresh_station.ask(CommandsDesk, lambda desk: desk.summary()).waiting == 0
