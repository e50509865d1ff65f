"""The page of one meter: what it measures, whether it has supply, where it served, what happened at it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from metropool.capabilities.metering.queries import alarms as alarm_queries
from metropool.capabilities.metering.queries.adapters.journal import JournalRows
from metropool.capabilities.metering.queries.alarms import FLAG_SEVERITY
from metropool.capabilities.metering.queries.city import City
from metropool.capabilities.metering.queries.standing import OFF, ON
from metropool.capabilities.metering.validation.flags import FlagClass
from metropool.core.identifiers import derived_id
from metropool.core.periods import business_date, day_period
from metropool.core.quantities import reading_types_by_id
from metropool.core.texts import texts_of
from metropool.portal.desks.operator import clocks, limits
from metropool.portal.desks.operator.abilities import guarantee_of, kinds_of
from metropool.portal.desks.operator.clocks import event_detail
from metropool.portal.desks.operator.field import Field
from metropool.portal.desks.operator.field_rows import meter_row, terminal_row
from metropool.portal.desks.operator.operator_words import moment, reading, said, type_name
from metropool.portal.schemas.basics import Text
from metropool.portal.schemas.meters import Measure, Meter, MeterEvent, Switch

Row = Mapping[str, Any]
FINDINGS = "metropool.capabilities.metering.validation"


def meter(field: Field, *, meter: str) -> Meter:
    """One meter with all that is known of it.

    Raises:
        NotFound: There is none of that id.
    """
    i = field.city.index(meter)
    fact = field.city.meters[i]
    now = fact.now
    terminal = field.city.terminal_at.get(fact.terminal)
    first = min((one.valid_from for one in fact.served), default=0)
    installed = moment(first)
    return Meter.model_validate(
        meter_row(field, i)
        | {
            "protocol": fact.protocol,
            "installed_on": business_date(installed) if installed else None,
            "multiplier": Decimal(fact.served[-1].multiplier if fact.served else "1"),
            "measures": _measures(field, i),
            "switch": _switch(field, i),
            **clocks.of_meter(field, fact),
            **limits.of_meter(field, fact),
            "terminal": terminal_row(field, terminal) if terminal is not None else None,
            "usage_point": {"number": now.usage_point, "category": said("roles", now.role)} if now else None,
            "customer": _customer(field, now.usage_point) if now else None,
            "installations": [_installation(one) for one in fact.served],
            "commands_allowed": sorted(kinds_of(fact)),
        }
    )


def _customer(field: Field, usage_point: str) -> Row | None:
    """The customer at a usage point, as its company told it last; None where none did."""
    rows = sorted(field.work.customers.at(usage_point), key=lambda row: str(row["valid_from"]))
    if not rows:
        return None
    payment, as_of = field.work.customers.standing_of(rows[-1]["account_number"]) or (None, None)
    told = {name: rows[-1][name] for name in ("account_number", "category")}
    return told | {"payment": payment, "payment_as_of": datetime.fromisoformat(as_of) if as_of else None}


def events(field: Field, *, meter: str, start: datetime, end: datetime) -> list[MeterEvent]:
    """What happened at a meter, and what validation found, newest first."""
    rows = JournalRows(field.work.context.connection)
    since, until = int(start.timestamp()), int(end.timestamp())
    told = [_event(row, field.city) for row in rows.events(since=since, until=until, devices=[meter])]
    channels = np.flatnonzero(field.city.meter_of == field.city.meter_at[meter]).tolist()
    codes = [int(code) for code in FLAG_SEVERITY]
    flags = rows.flags(codes=codes, first=business_date(start), channels=channels)
    sealed = field.work.sealing.sealed()
    found = {(row["code"], row["from_at"]): _finding(meter, row, sealed) for row in flags if since <= row["from_at"] < until}
    return sorted([*told, *found.values()], key=lambda event: event.at, reverse=True)


def _measures(field: Field, i: int) -> list[Measure]:
    city, newest = field.city, field.standing.newest
    found = []
    for channel in np.flatnonzero((city.meter_of == i) & (newest.at[: len(city.meter_of)] > 0)).tolist():
        kind = reading_types_by_id()[int(city.item_of[channel])]
        figure = reading(
            kind, value=int(newest.value[channel]), at_s=int(newest.at[channel]), quality=int(newest.quality[channel])
        )
        if kind.kind != "state":
            found.append(Measure(reading_type=kind.code, name=type_name(kind), figure=figure))
    return found


def _switch(field: Field, i: int) -> Switch | None:
    fact, standing = field.city.meters[i], field.standing
    if not fact.can_switch:
        return None
    supply = int(standing.supply[i])
    return Switch(
        kind="relay" if fact.service == "electricity" else "valve",
        supply="on" if supply == ON else "off" if supply == OFF else "unknown",
        confirmed_at=moment(int(standing.supply_at[i])),
        supply_guaranteed=guarantee_of(field.work, fact) is not None,
    )


def _event(row: Row, city: City) -> MeterEvent:
    detail, name = row["detail"], said("events", row["code"])
    if "event_zh" in detail and name.zh == row["code"]:
        name = Text(zh=detail["event_zh"], en=detail["event_en"])
    return MeterEvent.model_validate(
        {
            "id": row["id"],
            "at": moment(row["at"]),
            "received_at": moment(row["received_at"] / 1000),
            "code": row["code"],
            "name": name,
            "severity": alarm_queries.severity_of_event(row["code"]),
            "detail": event_detail(row["code"], detail, city),
        }
    )


def _finding(meter: str, row: Row, sealed: Mapping[str, Row]) -> MeterEvent:
    """What validation found, as an event: it was known when the day was sealed."""
    code = FlagClass(row["code"])
    day = sealed.get(row["business_date"])
    known_at = day["sealed_at"] if day else day_period(datetime.fromisoformat(row["business_date"]).date()).end
    words = texts_of(FINDINGS).get(code.key)
    return MeterEvent.model_validate(
        {
            "id": derived_id("flag", meter, code.key, str(row["from_at"])),
            "at": moment(row["from_at"]),
            "received_at": known_at,
            "code": code.key,
            "name": said("flags", code.key),
            "severity": FLAG_SEVERITY[code],
            "detail": dict(words) if words else None,
        }
    )


def _installation(one: Any) -> dict[str, Any]:
    return {
        "from_": moment(one.valid_from),
        "to": moment(one.valid_to or 0),
        "multiplier": Decimal(one.multiplier),
        "usage_point": one.usage_point,
    }
