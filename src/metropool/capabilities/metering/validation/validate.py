"""Validation: readings in, accepted steps and flags out, as columns."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from metropool.capabilities.metering.validation.completeness import (
    find_blanks,
    find_disorder,
    find_gaps,
    find_late_starts,
    find_marked,
)
from metropool.capabilities.metering.validation.flags import Findings, FlagClass, runs
from metropool.capabilities.metering.validation.kernels import fixed, repeats, statistics, walk
from metropool.capabilities.metering.validation.levels import find_level_changes
from metropool.capabilities.metering.validation.rows import Rows, read_rows
from metropool.capabilities.metering.validation.rules import INTERVAL, MEAN_POWER, REGISTER, ChannelFacts, Rules
from metropool.capabilities.metering.validation.swaps import Breaks, find_swaps
from metropool.facts.readings.schemas import Quality
from metropool.facts.readings.steps import interval_steps, steps_table

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Validated:
    """What validation says of a set of readings.

    Attributes:
        steps: ``STEPS`` of the accepted readings, sorted by (channel, at); what ``seal`` takes.
        flags: ``FLAGS``.
        accepted: Readings used; ``suspect`` were set aside, ``repeated`` gave way to another for the same time.
    """

    steps: pa.Table
    flags: pa.Table
    accepted: int
    suspect: int
    repeated: int


def validate(
    *,
    readings: pa.Table,
    facts: ChannelFacts,
    rules: Rules,
    now: datetime,
    window_start: int | None = None,
    prefer: Literal["first", "last"] = "first",
) -> Validated:
    """Check readings against the rules.

    Args:
        readings: Columns channel, at, value (null for a blank cell), quality, origin and optionally ``row``, the place in the
            input; in any order. Context before the days of interest makes the rules sharper.
        facts: Of every channel that occurs.
        now: The present; later stamps are not believed.
        prefer: Of different values for one time, equally good and from equal sources, the first or the last row is used.
        window_start: Where the data should begin [Unix s], for late starts; by default the device's first reading.
    """
    found = Findings()
    rows = read_rows(readings, facts, prefer=prefer)
    rows = _without_bad_clocks(rows, found, rules, now)
    find_disorder(rows, found)
    rows, repeated = _without_repeats(rows, found)
    interval_s = _interval_of(rows, facts)
    find_gaps(rows, found, rules, interval_s)
    find_late_starts(rows, found, rules, facts, window_start)
    find_blanks(rows, found)
    find_marked(rows, found)
    rows = rows.only(rows.present & np.isin(rows.quality, (Quality.MISSING, Quality.NOT_EXPECTED), invert=True))
    tables, suspect = [], 0
    for kinds, check in (((REGISTER,), _registers), ((INTERVAL, MEAN_POWER), _intervals)):
        part = rows.only(np.isin(facts.kind[rows.fact], kinds))
        steps, bad = check(part, found, rules, facts, interval_s)
        tables.append(steps)
        suspect += bad
    steps = pa.concat_tables(tables)
    if all(table.num_rows for table in tables):
        steps = steps.sort_by([("channel", "ascending"), ("at", "ascending")])
    return Validated(steps=steps, flags=found.table(), accepted=len(rows) - suspect, suspect=suspect, repeated=repeated)


def _without_bad_clocks(rows: Rows, found: Findings, rules: Rules, now: datetime) -> Rows:
    future = rows.at > int(now.timestamp()) + rules.future_s
    unset = rows.at < rules.earliest
    for bad, code in ((future, FlagClass.FUTURE_TIME), (unset, FlagClass.UNSET_CLOCK)):
        found.add(code, channel=rows.channel[bad], from_at=rows.at[bad], amount=rows.value[bad], row=rows.row[bad])
    bad = future | unset
    return rows.only(~bad) if bad.any() else rows


def _without_repeats(rows: Rows, found: Findings) -> tuple[Rows, int]:
    """Keep the best of several readings for one time: rows come sorted with the best first."""
    again = rows.same_time()
    if not again.any():
        return rows, 0
    best = np.maximum.accumulate(np.where(again, 0, np.arange(again.size)))
    differs = again & (rows.value != rows.value[best]) & rows.present
    same = again & ~differs
    for bad, code in ((same, FlagClass.DUPLICATE), (differs, FlagClass.CONFLICT)):
        found.add(code, channel=rows.channel[bad], from_at=rows.at[bad], amount=rows.value[bad], row=rows.row[bad])
    return rows.only(~again), int(again.sum())


def _interval_of(rows: Rows, facts: ChannelFacts) -> Ints:
    """Nominal interval of each channel [s]: as registered, else the most common."""
    typical = statistics.typical_interval(fixed(rows.bounds(facts.channel.size)), fixed(rows.at))
    return np.where(facts.interval_s > 0, facts.interval_s, np.maximum(typical, 1))


def _registers(rows: Rows, found: Findings, rules: Rules, facts: ChannelFacts, interval_s: Ints) -> tuple[pa.Table, int]:
    columns = walk.Columns(*map(fixed, (rows.bounds(facts.channel.size), rows.at, rows.value)))
    usual = statistics.usual_steps(
        columns, fixed(interval_s), fixed(facts.capacity), rules.usual_rows, rules.unknown_limit_factor
    )
    channels = walk.Channels(*map(fixed, (interval_s, facts.capacity_or(rules, usual), facts.modulus, facts.large_step, usual)))
    parameters = walk.Parameters(**{name: getattr(rules, name) for name in walk.Parameters._fields})
    keep, step, linked, notes = walk.walk_registers(columns, channels, parameters)
    _add_notes(found, rows, notes)
    _find_swaps(found, rows, facts, notes, most=_most_per_interval(facts, interval_s, usual, rules))
    kept = rows.only(keep)
    if len(kept) < len(rows):
        step, linked = step[keep], linked[keep]
    table = steps_table(channel=kept.channel, at=kept.at, value=kept.value, quality=kept.step_quality(), step=step, linked=linked)
    return table, len(rows) - len(kept)


def _most_per_interval(facts: ChannelFacts, interval_s: Ints, usual: Ints, rules: Rules) -> Ints:
    """Most a register can move in one interval; 0 where neither capacity nor use is known."""
    guess = (rules.unknown_limit_factor * usual).astype(np.int64)
    return np.where(facts.capacity > 0, facts.capacity * interval_s // 3600, guess)


def _find_swaps(found: Findings, rows: Rows, facts: ChannelFacts, notes: Ints, *, most: Ints) -> None:
    broken = notes[np.isin(notes[:, 0], (FlagClass.RESET, FlagClass.SPIKE, FlagClass.ROLLOVER))]
    if len(broken) < 2:
        return
    row, moved = broken[:, 1], broken[:, 3]
    fact = rows.fact[row]
    breaks = Breaks(
        channel=rows.channel[row],
        at=rows.at[row],
        before=rows.value[row] - moved,
        after=rows.value[row],
        most=most[fact],
        kind=facts.reading_type[fact],
    )
    find_swaps(found, breaks)


def _intervals(rows: Rows, found: Findings, rules: Rules, facts: ChannelFacts, interval_s: Ints) -> tuple[pa.Table, int]:
    negative = (rows.value < 0) & ~facts.is_signed[rows.fact]
    power = facts.kind[rows.fact] == MEAN_POWER
    hours = np.where(power, 1.0, interval_s[rows.fact] / 3600)
    capacity = facts.capacity[rows.fact]
    spike = (capacity > 0) & (np.abs(rows.value) > np.ceil(capacity * hours))
    for bad, code in ((negative, FlagClass.NEGATIVE), (spike & ~negative, FlagClass.SPIKE)):
        found.add(code, channel=rows.channel[bad], from_at=rows.at[bad], amount=rows.value[bad], row=rows.row[bad])
    _find_stuck(rows, found, rules)
    find_level_changes(rows, found, rules)
    columns = walk.Columns(*map(fixed, (rows.bounds(facts.channel.size), rows.at, rows.value)))
    lively = (rules.imputed_rows, rules.imputed_change_min, rules.imputed_distinct_min)
    _add_notes(found, rows, repeats.equal_to_day_before(columns, *lively))
    good = ~(negative | spike)
    kept = rows.only(good)
    length = kept.length_s if kept.length_s is not None else interval_s[kept.fact]
    overlap = np.flatnonzero(kept.same_channel()[1:] & (np.diff(kept.at) < length[1:])) + 1
    found.add(FlagClass.OVERLAP, channel=kept.channel[overlap], from_at=kept.at[overlap], row=kept.row[overlap])
    amount = np.where(facts.kind[kept.fact] == MEAN_POWER, kept.value * length, kept.value)
    table = interval_steps(channel=kept.channel, at=kept.at, amount=amount, length_s=length, quality=kept.quality)
    return table, int((~good).sum())


def _find_stuck(rows: Rows, found: Findings, rules: Rules) -> None:
    equal = rows.same_channel() & (np.diff(rows.value, prepend=rows.value[:1]) == 0)
    first, last = runs(equal, ~rows.same_channel())
    start = np.maximum(first - 1, 0)
    lasting = rows.at[last] - rows.at[start]
    stuck = lasting >= np.where(rows.value[last] == 0, rules.stuck_s, rules.stuck_value_s)
    first, last = start[stuck], last[stuck]
    found.add(
        FlagClass.STUCK,
        channel=rows.channel[first],
        from_at=rows.at[first],
        to_at=rows.at[last],
        count=last - first + 1,
        amount=rows.value[first],
        row=rows.row[first],
    )


def _add_notes(found: Findings, rows: Rows, notes: Ints) -> None:
    code, first, last, amount = notes.T
    found.add(
        code.astype(np.int8),
        channel=rows.channel[first],
        from_at=rows.at[first],
        to_at=rows.at[last],
        count=last - first + 1,
        amount=amount,
        row=rows.row[first],
    )
