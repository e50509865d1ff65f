"""Terminals, meters and alarms of the field as rows of the operator's pages, and what people call a device."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from metropool.capabilities.metering.queries.alarms import Alarm
from metropool.devices.catalog import device_models
from metropool.portal.desks.operator.field import Field
from metropool.portal.desks.operator.operator_words import moment, moment_ms, place_text, said
from metropool.portal.schemas.basics import Text
from metropool.portal.schemas.metering import Alarm as AlarmShown
from metropool.portal.schemas.metering import Terminal

TERMINAL_KINDS = ("concentrator", "load", "transformer", "substation", "transparent")


def terminal_row(field: Field, i: int) -> Terminal:
    """A terminal as pages show it."""
    fact, stands = field.city.terminals[i], field.terminals[i]
    area = field.city.places.get(fact.node or fact.place or "")
    rate = field.counts(np.flatnonzero(field.city.terminal_of == i)).percent
    return Terminal.model_validate(
        {
            "id": fact.id,
            "address": fact.address,
            "name": terminal_name(field, i),
            "kind": _kind_of(fact.kind),
            "protocol": fact.protocol,
            "area": area.id if area else None,
            "area_name": place_text(area) if area else None,
            "meters": int(field.meters_of_terminal[i]),
            "state": stands.state,
            "last_seen_at": moment_ms(stands.last_seen_at),
            "collection_rate": None if rate is None else round(rate, 2),
            "clock_drift_s": _drift_of(field, fact.id),
        }
    )


def meter_row(field: Field, i: int) -> dict[str, Any]:
    """Fields of a meter in the list."""
    fact = field.city.meters[i]
    area = field.city.area_of(fact)
    return {
        "id": fact.id,
        "number": fact.number,
        "service": fact.service,
        "model": fact.model,
        "model_name": _model_name(fact.model),
        "address": field.city.address(fact),
        "area_name": place_text(area) if area else None,
        "terminal": fact.terminal,
        "state": str(field.states[i]),
        "register_": field.register(i),
        "last_read_at": moment(int(field.standing.read_at[i])),
    }


def _model_name(model: str) -> Text:
    known = device_models().get(model)
    return Text(zh=known.zh, en=known.en) if known else Text(zh=model, en=model)


def alarm_row(field: Field, alarm: Alarm) -> AlarmShown:
    """An alarm as pages show it."""
    return AlarmShown.model_validate(
        {
            "id": alarm.id,
            "severity": alarm.severity,
            "state": "open" if alarm.closed_at is None else "closed",
            "name": said(alarm.kind, alarm.code),
            "meter": alarm.device if alarm.device in field.city.meter_at else None,
            "terminal": _terminal_id(field, alarm.device),
            "area": field.area_id(alarm.device),
            "where": device_name(field, alarm.device),
            "at": datetime.fromtimestamp(alarm.at, UTC),
            "closed_at": moment(alarm.closed_at or 0),
        }
    )


def terminal_name(field: Field, i: int) -> Text:
    """Where a terminal is, what it is, and its address: an area may have several."""
    fact = field.city.terminals[i]
    area = field.city.places.get(fact.node or fact.place or "")
    words = said("terminal_kinds", _kind_of(fact.kind))
    zh = words.zh.format(place=area.zh if area else "", address=fact.address)
    en = words.en.format(place=area.en if area else "", address=fact.address)
    return Text(zh=zh, en=en.removeprefix(", "))


def device_name(field: Field, device: str) -> Text:
    """What people call a meter or terminal; a meter that keeps its own link is both, and known as a meter."""
    meter, terminal = field.city.meter_at.get(device), field.city.terminal_at.get(device)
    if meter is not None:
        return said("spots", "meter", number=field.city.meters[meter].number)
    return terminal_name(field, terminal) if terminal is not None else Text(zh=device, en=device)


def _terminal_id(field: Field, device: str) -> str | None:
    """The terminal of a device: itself, or the one a meter is read through."""
    if device in field.city.terminal_at:
        return device
    meter = field.city.meter_at.get(device)
    return field.city.meters[meter].terminal if meter is not None else None


def _drift_of(field: Field, terminal: str) -> float | None:
    clock = field.terminal_clocks.get(terminal)
    return None if clock is None or clock.ahead_ms is None else round(clock.ahead_ms / 1000, 1)


def _kind_of(kind: str) -> str:
    """What pages call a kind of terminal."""
    return kind if kind in TERMINAL_KINDS else "concentrator"
