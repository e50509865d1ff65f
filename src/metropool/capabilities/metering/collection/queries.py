"""Answers of collection, for the Collection page: rates, heat map, funnel, silent terminals, what is unknown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from metropool.capabilities.metering.collection.model import Rate, Schedule, day_number, day_start_s, day_text, due_slots
from metropool.capabilities.metering.collection.plan import rates_by_terminal
from metropool.capabilities.metering.collection.sheets import Bits, count_bits, wanted_row
from metropool.capabilities.metering.ports import CollectionWork


@dataclass(frozen=True)
class DayRate:
    """Collection success rate (采集成功率) of an item and business day."""

    item: int
    day: str
    rate: Rate


@dataclass(frozen=True)
class Funnel:
    """Slots of a day that are due by now: planned, of terminals that were reached, read (answered for), stored."""

    planned: int
    reached: int
    read: int
    stored: int


@dataclass(frozen=True)
class TerminalState:
    """How a terminal stands; ``last_heard_at`` Unix ms, None when it never was.

    ``state``: online, offline, quarantined, never.
    """

    device: str
    terminal: int
    state: str
    last_heard_at: int | None
    detail: str


def day_rates(*, work: CollectionWork, first: date, last: date, item: int | None = None) -> list[DayRate]:
    """Rates of whole days, ``first`` and ``last`` included."""
    rows = work.sheets.rates(first_day=day_number(first), last_day=day_number(last), item=item)
    return [DayRate(row_item, day_text(day), rate) for row_item, day, rate in rows]


def heat_map(*, work: CollectionWork, item: int, first: date, last: date) -> pa.Table:
    """Success by day and terminal: columns ``day, terminal`` (end device), ``planned, collected`` (slots due by now)."""
    index, _ = work.collection.index()
    schedule = work.collection.every_schedule().get(item)
    names = dict(zip(index.terminals.tolist(), index.terminal_devices, strict=True))
    rows: list[tuple[str, str, int, int]] = []
    for day in range(day_number(first), day_number(last) + 1) if schedule else ():
        found = _sheets_due(work, schedule, day)
        if found is not None:
            planned, collected, due = found
            by_terminal = rates_by_terminal(index=index, planned=planned, collected=collected, slots=due)
            rows += [(day_text(day), names[terminal], *counts) for terminal, counts in by_terminal.items()]
    columns = list(zip(*rows, strict=True)) or [()] * 4
    kinds = (pa.string(), pa.string(), pa.int64(), pa.int64())
    names_of = ("day", "terminal", "planned", "collected")
    return pa.table({name: pa.array(column, kind) for name, column, kind in zip(names_of, columns, kinds, strict=True)})


def funnel(*, work: CollectionWork, item: int, day: date) -> Funnel:
    """Planned → reached → read → stored, of the slots of a day that are due by now."""
    index, _ = work.collection.index()
    schedule, number = work.collection.every_schedule().get(item), day_number(day)
    found = _sheets_due(work, schedule, number) if schedule else None
    if found is None:
        return Funnel(0, 0, 0, 0)
    planned, collected, due = found
    by_terminal = rates_by_terminal(index=index, planned=planned, collected=collected, slots=due)
    answered = {row["terminal"] for row in work.collection.askings(item=item, day=number) if row["outcome"] == "answered"}
    contacts = work.collection.contacts()
    heard = {terminal for terminal in by_terminal if _was_heard(contacts.get(terminal), number)}
    stored = sum(counts[1] for counts in by_terminal.values())
    read = sum(counts[0] if terminal in answered else counts[1] for terminal, counts in by_terminal.items())
    reached = sum(counts[0] for terminal, counts in by_terminal.items() if terminal in heard | answered or counts[1])
    return Funnel(sum(counts[0] for counts in by_terminal.values()), reached, min(read, reached), stored)


def terminal_states(*, work: CollectionWork) -> list[TerminalState]:
    """All terminals of the registry, those that need care first."""
    index, _ = work.collection.index()
    contacts = work.collection.contacts()
    states = [
        _state(device, terminal, contacts.get(terminal))
        for terminal, device in zip(index.terminals.tolist(), index.terminal_devices, strict=True)
    ]
    order = {"quarantined": 0, "never": 1, "offline": 2, "online": 3}
    return sorted(states, key=lambda state: (order[state.state], state.device))


def silent_terminals(*, work: CollectionWork, silent_s: int) -> list[TerminalState]:
    """Terminals not heard for ``silent_s`` seconds, or never."""
    bound = int(work.now.timestamp() * 1000) - silent_s * 1000
    return [state for state in terminal_states(work=work) if (state.last_heard_at or 0) < bound]


def newest_readings(*, work: CollectionWork, channels: Sequence[int]) -> pa.Table:
    """Newest reading of channels: ``channel, at, value, received_at, quality``; no row where there is none."""
    return work.sheets.newest(channels=np.unique(np.array(channels, np.int64)))


def unknown_devices(*, work: CollectionWork, limit: int = 200) -> list[Mapping[str, Any]]:
    """Who tells values and is not in the registry."""
    return work.collection.unknown(limit=limit)


def _sheets_due(work: CollectionWork, schedule: Schedule | None, day: int) -> tuple[Bits, Bits, int] | None:
    """Planned and collected sheets of a day, cut to the slots due by now, and how many those are; None for none."""
    if schedule is None or work.sheets.planned_with(item=schedule.item, day=day) is None:
        return None
    index, _ = work.collection.index()
    due = due_slots(schedule, day=day, now_s=int(work.now.timestamp()))
    item = schedule.item
    planned = work.sheets.sheets(kind="planned", item=item, day=day, slots=1, channels=index.highest)
    collected = work.sheets.sheets(kind="collected", item=item, day=day, slots=schedule.slots, channels=index.highest)
    return (planned, collected & wanted_row(0, due, schedule.slots), due) if count_bits(planned) else None


def _was_heard(contact: Mapping[str, Any] | None, day: int) -> bool:
    """Heard on the business day or later."""
    return contact is not None and contact["last_heard_at"] // 1000 >= day_start_s(day)


def _state(device: str, terminal: int, contact: Mapping[str, Any] | None) -> TerminalState:
    if contact is None:
        return TerminalState(device, terminal, "never", None, "")
    return TerminalState(device, terminal, contact["state"], contact["last_heard_at"], contact["detail"])
