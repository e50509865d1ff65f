"""Clocks of meters and terminals as pages show them: how far they are off, how old that is, and whether they can be set."""

from collections.abc import Mapping
from typing import Any

from metropool.capabilities.metering.clocks.adapters.book import DeviceClock
from metropool.capabilities.metering.clocks.model import clock_rules_on
from metropool.capabilities.metering.frontend.sealed.refusals import CODE as REFUSED
from metropool.capabilities.metering.frontend.sealed.untold import TERMINAL
from metropool.capabilities.metering.queries.city import City, MeterFact
from metropool.core.periods import business_date
from metropool.portal.desks.operator.abilities import sets_clock
from metropool.portal.desks.operator.field import Field
from metropool.portal.desks.operator.operator_words import moment_ms, names_of, said
from metropool.portal.schemas.basics import Text


def of_meter(field: Field, fact: MeterFact) -> dict[str, Any]:
    """Fields of a meter that tell of its clock."""
    clock = field.work.clocks.of([fact.id]).get(fact.id)
    return {
        "clock_drift_s": seconds(clock.ahead_ms if clock else None),
        "clock_margin_s": seconds(clock.margin_ms if clock else None),
        "clock_checked_at": moment_ms(clock.checked_at) if clock else None,
        "clock_state": _state(clock),
        "clock_limit_s": clock_rules_on(business_date(field.now)).limit_s,
        "clock_note": _note(fact, clock),
    }


def seconds(milliseconds: int | None) -> float | None:
    """As seconds, to a tenth."""
    return None if milliseconds is None else round(milliseconds / 1000, 1)


def event_detail(code: str, detail: Mapping[str, Any], city: City) -> Text | None:
    """What an event of a clock, an exchange or a sealed link says beside its name; meters by the number that is on them."""
    if code not in names_of("event_details"):
        return None
    numbers = {key: city.meters[city.meter_at[value]].number for key, value in detail.items() if value in city.meter_at}
    values = {**detail, **numbers}
    if code != REFUSED:
        return said("event_details", code, **values)
    why, code = said("sealed_reasons", str(detail["reason"])), _by_whom(code, detail)
    told = {
        language: said("event_details", code, **{**values, "reason": text}) for language, text in (("zh", why.zh), ("en", why.en))
    }
    return Text(zh=told["zh"].zh, en=told["en"].en)


def _by_whom(code: str, detail: Mapping[str, Any]) -> str:
    """The sentence for who refused: the terminal, or the front end, as in events of before terminals reported."""
    return f"{code}_by_terminal" if detail.get("by") == TERMINAL else code


def _state(clock: DeviceClock | None) -> str:
    if clock is None or clock.checked_at is None:
        return "unknown"
    if clock.ahead_ms is None:
        return "no_time"
    return "right" if clock.off_since is None else "off"


def _note(fact: MeterFact, clock: DeviceClock | None) -> Text | None:
    """Why the drift is not known, why the last asking brought nothing, or why the clock cannot be set from here."""
    if fact.served and fact.now is None:
        return None
    if clock is not None and clock.outcome not in ("", "answered"):
        return said("clock_notes", clock.outcome)
    return None if sets_clock(fact) else said("clock_notes", "not_settable")
