"""Validation: readings in, accepted steps and flags out, as columns."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from metropool.capabilities.metering.validation import kernel
from metropool.capabilities.metering.validation.flags import Findings, FlagClass, runs
from metropool.capabilities.metering.validation.rows import Rows, read_rows
from metropool.capabilities.metering.validation.rules import INTERVAL, MEAN_POWER, REGISTER, ChannelFacts, Rules
from metropool.capabilities.metering.validation.swaps import Breaks, find_swaps
from metropool.facts.readings.schemas import Quality
from metropool.facts.readings.steps import interval_steps, same_as_before, steps_table

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
    _find_disorder(rows, found)
    rows, repeated = _without_repeats(rows, found)
    interval_s = _interval_of(rows, facts)
    _find_gaps(rows, found, rules, interval_s)
    _find_late_starts(rows, found, rules, facts, window_start)
    _find_blanks(rows, found)
    _find_marked(rows, found)
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
    typical = kernel.typical_interval(rows.bounds(facts.channel.size), rows.at)
    return np.where(facts.interval_s > 0, facts.interval_s, np.maximum(typical, 1))


def _find_gaps(rows: Rows, found: Findings, rules: Rules, interval_s: Ints) -> None:
    nominal = interval_s[rows.fact]
    dt = np.diff(rows.at, prepend=rows.at[:1])
    gap = np.flatnonzero(rows.same_channel() & (dt > rules.gap_factor * nominal))
    missing = np.maximum(np.rint(dt[gap] / nominal[gap]).astype(np.int64) - 1, 1)
    per_channel = np.bincount(rows.fact, minlength=interval_s.size)
    holes = np.bincount(rows.fact[gap], minlength=interval_s.size)
    sparse = holes > np.maximum(rules.sparse_share * per_channel, 20)
    listed = ~sparse[rows.fact[gap]] | (dt[gap] >= rules.sparse_list_s)
    told = gap[listed]
    found.add(FlagClass.GAP, channel=rows.channel[told], from_at=rows.at[told - 1], to_at=rows.at[told], count=missing[listed])
    first, last = rows.ends(interval_s.size)
    short = np.bincount(rows.fact[gap], weights=missing * ~listed, minlength=interval_s.size).astype(np.int64)
    some = np.flatnonzero(sparse & (short > 0))
    found.add(
        FlagClass.SPARSE,
        channel=rows.channel[first[some]],
        from_at=rows.at[first[some]],
        to_at=rows.at[last[some]],
        count=short[some],
    )
    _find_few(rows, found, rules, interval_s, per_channel)


def _find_few(rows: Rows, found: Findings, rules: Rules, interval_s: Ints, per_channel: Ints) -> None:
    """Channels with far fewer readings than the span of all the data would give."""
    if not len(rows):
        return
    span = int(rows.at.max() - rows.at.min())
    common = int(np.median(interval_s[per_channel > 0]))
    few = np.flatnonzero((per_channel > 0) & (per_channel < rules.complete_min * (span // common + 1)))
    first, last = rows.ends(interval_s.size)
    found.add(
        FlagClass.FEW_READINGS,
        channel=rows.channel[first[few]],
        from_at=rows.at[first[few]],
        to_at=rows.at[last[few]],
        count=per_channel[few].astype(np.int64),
    )


def _find_late_starts(rows: Rows, found: Findings, rules: Rules, facts: ChannelFacts, window_start: int | None) -> None:
    here = rows.only(rows.present)
    first, _ = here.ends(facts.channel.size)
    has = np.flatnonzero(first >= 0)
    starts = here.at[first[has]]
    device, of = np.unique(facts.device[has], return_inverse=True)
    begin = np.full(device.size, np.iinfo(np.int64).max)
    everything, _ = rows.ends(facts.channel.size)
    np.minimum.at(begin, of, rows.at[everything[has]])
    expected = begin[of] if window_start is None else np.full(has.size, window_start)
    late = starts - expected > rules.late_start_s
    found.add(FlagClass.LATE_START, channel=facts.channel[has[late]], from_at=expected[late], to_at=starts[late])


def _find_blanks(rows: Rows, found: Findings) -> None:
    """Blank cells after the channel's first value; those before it are a late start."""
    if rows.present.all():
        return
    started = np.zeros(len(rows), dtype=np.bool_)
    seen = np.cumsum(rows.present)
    new = ~rows.same_channel()
    base = np.maximum.accumulate(np.where(new, seen - rows.present, 0))
    started = seen > base
    first, last = runs(~rows.present & started, new)
    found.add(
        FlagClass.BLANK,
        channel=rows.channel[first],
        from_at=rows.at[first],
        to_at=rows.at[last],
        count=last - first + 1,
        row=rows.row[first],
    )


def _find_disorder(rows: Rows, found: Findings) -> None:
    """Times that came, the first time, after a later one of their channel; only where the input has an order."""
    start = np.flatnonzero(~rows.same_time())
    if not rows.is_ordered or not start.size:
        return
    arrival, at, fact = np.minimum.reduceat(rows.row, start), rows.at[start], rows.fact[start]
    came = np.lexsort((arrival, fact))
    arrival, at, fact = arrival[came], at[came], fact[came]
    position = fact * (int(at.max() - at.min()) + 1) + (at - at.min())
    first, last = runs(position < np.maximum.accumulate(position), ~same_as_before(fact))
    if not first.size:
        return
    ends, padded = np.column_stack([first, last + 1]).ravel(), np.append(at, at[-1])
    found.add(
        FlagClass.OUT_OF_ORDER,
        channel=rows.channel[start[came[first]]],
        from_at=np.minimum.reduceat(padded, ends)[::2],
        to_at=np.maximum.reduceat(padded, ends)[::2],
        count=last - first + 1,
        row=arrival[first],
    )


def _find_marked(rows: Rows, found: Findings) -> None:
    """Values the source itself calls filled in, or only partly measured."""
    for quality, code in ((Quality.MISSING, FlagClass.IMPUTED), (Quality.ESTIMATED, FlagClass.PARTIAL)):
        first, last = runs(rows.present & (rows.quality == quality), ~rows.same_channel())
        found.add(
            code,
            channel=rows.channel[first],
            from_at=rows.at[first],
            to_at=rows.at[last],
            count=last - first + 1,
            row=rows.row[first],
        )


def _registers(rows: Rows, found: Findings, rules: Rules, facts: ChannelFacts, interval_s: Ints) -> tuple[pa.Table, int]:
    columns = kernel.Columns(rows.bounds(facts.channel.size), rows.at, rows.value)
    usual = kernel.usual_steps(columns, interval_s, facts.capacity, rules.usual_rows, rules.unknown_limit_factor)
    channels = kernel.Channels(interval_s, facts.capacity, facts.modulus, facts.large_step, usual)
    parameters = kernel.Parameters(**{name: getattr(rules, name) for name in kernel.Parameters._fields})
    keep, step, linked, notes = kernel.walk_registers(columns, channels, parameters)
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
    columns = kernel.Columns(rows.bounds(facts.channel.size), rows.at, rows.value)
    lively = (rules.imputed_rows, rules.imputed_change_min, rules.imputed_distinct_min)
    _add_notes(found, rows, kernel.equal_to_day_before(columns, *lively))
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
