"""What is missing, late, blank, out of order or marked by its source."""

import numpy as np
import numpy.typing as npt

from metropool.capabilities.metering.validation.flags import Findings, FlagClass, runs
from metropool.capabilities.metering.validation.rows import Rows
from metropool.capabilities.metering.validation.rules import ChannelFacts, Rules
from metropool.facts.readings.schemas import Quality
from metropool.facts.readings.steps import same_as_before

Ints = npt.NDArray[np.int64]


def find_gaps(rows: Rows, found: Findings, rules: Rules, interval_s: Ints) -> None:
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


def find_late_starts(rows: Rows, found: Findings, rules: Rules, facts: ChannelFacts, window_start: int | None) -> None:
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


def find_blanks(rows: Rows, found: Findings) -> None:
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


def find_disorder(rows: Rows, found: Findings) -> None:
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


def find_marked(rows: Rows, found: Findings) -> None:
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
