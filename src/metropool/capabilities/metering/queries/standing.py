"""How every meter and terminal stands now, from the newest reading of each channel and the contacts of the front end."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from metropool.capabilities.metering.control.model import RELAY, VALVE_FAULTY, VALVES
from metropool.capabilities.metering.ports import CollectionWork
from metropool.capabilities.metering.queries.city import City, Ints
from metropool.capabilities.metering.queries.city_making import CityWork
from metropool.core.quantities import reading_type

SILENT_AFTER = timedelta(hours=26)
"""A daily freeze comes once in 24 hours and may take two more."""
HEARD_WITHIN = timedelta(hours=2)
"""Water and gas are read every hour."""

MAIN = tuple(
    reading_type(code).id
    for code in (
        "electricity_forward_register",
        "electricity_forward_profile_register",
        "water_register",
        "gas_register",
        "heat_register",
    )
)
"""Reading types that show what is on a meter's dial."""

UNKNOWN, OFF, ON = -1, 0, 1
STATES = ("normal", "off", "fault", "silent", "exchanged")


class StandingWork(CollectionWork, CityWork, Protocol):
    """Collection's unit of work, with its context."""


@dataclass(frozen=True)
class Newest:
    """Newest reading by channel number, shape (C,); ``at`` 0 where there is none. Instants Unix s, ``received_at`` Unix ms."""

    at: Ints
    value: Ints
    received_at: Ints
    quality: NDArray[np.uint8]


@dataclass(frozen=True)
class Standing:
    """How the meters stand, shape (M,); instants Unix s, 0 for never.

    Attributes:
        read_at: Instant of the newest value of any channel.
        received_at: When anything was last received [Unix ms].
        register_of: Channel with the newest dial reading, -1 where there is none.
        supply: ON, OFF or UNKNOWN, as last read.
        supply_at: When that was read.
        is_faulty: The valve reports a fault.
    """

    newest: Newest
    read_at: Ints
    received_at: Ints
    register_of: Ints
    supply: Ints
    supply_at: Ints
    is_faulty: NDArray[np.bool_]


def standing(*, work: StandingWork, city: City) -> Standing:
    """How every meter stands by its newest readings."""
    newest = _newest(work, city)
    channels, meters = city.channels, city.meter_of[city.channels]
    count = len(city.meters)
    read_at, received_at = np.zeros(count, np.int64), np.zeros(count, np.int64)
    np.maximum.at(read_at, meters, newest.at[channels])
    np.maximum.at(received_at, meters, newest.received_at[channels])
    state = _last_of(city, newest, (RELAY, *VALVES.values()))
    value = np.where(state >= 0, newest.value[state], 0)
    is_relay = np.where(state >= 0, city.item_of[state], 0) == RELAY
    is_off = np.where(is_relay, (value & 1) == 1, value == 1)
    return Standing(
        newest=newest,
        read_at=read_at,
        received_at=received_at,
        register_of=_last_of(city, newest, MAIN),
        supply=np.where(state < 0, UNKNOWN, np.where(is_off, OFF, ON)),
        supply_at=np.where(state >= 0, newest.at[state], 0),
        is_faulty=(state >= 0) & ~is_relay & (value == VALVE_FAULTY),
    )


def meter_states(*, city: City, standing: Standing, now_s: int, faulty: Ints) -> NDArray[np.str_]:
    """State of each meter, one of STATES: exchanged before silent before fault before off.

    Args:
        city: The registry.
        standing: By the newest readings.
        now_s: Now [Unix s].
        faulty: Indexes of meters with an open critical alarm.
    """
    states = np.full(len(city.meters), "normal", dtype="U9")
    states[standing.supply == OFF] = "off"
    states[standing.is_faulty] = "fault"
    states[faulty] = "fault"
    states[standing.read_at < now_s - SILENT_AFTER.total_seconds()] = "silent"
    states[[i for i, meter in enumerate(city.meters) if meter.served and meter.now is None]] = "exchanged"
    return states


@dataclass(frozen=True)
class TerminalStanding:
    """How a terminal stands: ``online``, ``silent`` or ``never_seen``; ``last_seen_at`` Unix ms, 0 for never."""

    state: str
    last_seen_at: int
    since: int
    is_quarantined: bool


def terminal_standing(*, work: StandingWork, city: City, standing: Standing) -> list[TerminalStanding]:
    """How each terminal stands: by its link; where none is known of, by whether a value came through it of late."""
    contacts = work.collection.contacts()
    heard = np.zeros(len(city.terminals), np.int64)
    known = city.terminal_of >= 0
    np.maximum.at(heard, city.terminal_of[known], standing.received_at[known])
    late_ms = int((work.now - HEARD_WITHIN).timestamp() * 1000)
    found = []
    for terminal, newest in zip(city.terminals, heard.tolist(), strict=True):
        contact = contacts.get(terminal.number)
        last = max(newest, contact["last_heard_at"] if contact else 0)
        is_online = contact["state"] == "online" if contact else last > late_ms
        state = "online" if is_online else "silent" if last else "never_seen"
        is_quarantined = contact is not None and contact["state"] == "quarantined"
        found.append(TerminalStanding(state, last, contact["since"] if contact else last, is_quarantined))
    return found


def _newest(work: StandingWork, city: City) -> Newest:
    table = work.sheets.newest(channels=city.channels)
    where = table["channel"].to_numpy()
    size = len(city.meter_of)
    columns = {}
    for name in ("at", "value", "received_at", "quality"):
        given = table[name].to_numpy()
        columns[name] = np.zeros(size, given.dtype)
        columns[name][where] = given
    return Newest(**columns)


def _last_of(city: City, newest: Newest, items: tuple[int, ...]) -> Ints:
    """For each meter, which of its channels of some reading types was read last; -1 where none ever was."""
    chosen = city.channels[np.isin(city.item_of[city.channels], items) & (newest.at[city.channels] > 0)]
    chosen = chosen[np.argsort(newest.at[chosen], kind="stable")]
    last = np.full(len(city.meters), -1, np.int64)
    last[city.meter_of[chosen]] = chosen
    return last
