"""What a usage point used, over all meters that served it: steps of channels chained along their installations."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from metropool.core.quantities import reading_types
from metropool.facts.readings.steps import same_as_before

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Series:
    """Rows of each (usage point, reading type), sorted by time; the first group per series, the second per row.

    Attributes:
        bounds: Where the rows of each series start, shape (series + 1,).
        has_dial: Whether the series is read from a register.
        total: Cumulative amount after the multiplier.
        run: Rows of one run can be subtracted from one another.
        raw_step: Step before the multiplier.
    """

    usage_point: npt.NDArray[np.int32]
    reading_type: npt.NDArray[np.int32]
    version: npt.NDArray[np.int32]
    has_dial: Bools
    bounds: Ints
    at: Ints
    total: Ints
    run: Ints
    dial: Ints
    raw_step: Ints
    quality: npt.NDArray[np.uint8]


def chain(steps: pa.Table, installations: pa.Table) -> Series:
    """Put the steps of channels behind one another as the usage points' own.

    A row counts for an installation from ``valid_from`` to ``valid_to``, both ends included: at the moment of an exchange the
    old meter's last reading and the new one's first meet, and the chain holds. Without them it breaks and leaves a hole.
    """
    held = installations.sort_by([(name, "ascending") for name in ("usage_point", "reading_type", "valid_from", "channel")])
    fact = {name: held[name].to_numpy() for name in held.column_names}
    column = {name: steps[name].to_numpy() for name in steps.column_names}
    low, high = _rows_of(column["channel"], column["at"], fact)
    used = high > low
    low, high, fact = low[used], high[used], {name: values[used] for name, values in fact.items()}
    row, of = _ranges(low, high)
    begins = np.cumsum(high - low) - (high - low)
    at, value, linked = column["at"][row], column["value"][row], column["linked"][row].copy()
    raw_step = column["step"][row].copy()
    step = _multiplied(raw_step, value, linked, fact["numerator"][of], fact["denominator"][of])
    series = np.cumsum(~_same_series(fact)) - 1
    _meet(begins, series, at=at, step=step, linked=linked)
    first = np.flatnonzero(~_same_series(fact))
    return Series(
        usage_point=fact["usage_point"][first],
        reading_type=fact["reading_type"][first],
        version=np.maximum.reduceat(fact["version"], first) if first.size else fact["version"],
        has_dial=np.isin(fact["reading_type"][first], _registers()),
        bounds=np.append(begins[first], row.size),
        at=at,
        total=np.cumsum(np.where(linked, step, 0)),
        run=np.cumsum(~linked),
        dial=value,
        raw_step=raw_step,
        quality=column["quality"][row],
    )


def _registers() -> list[int]:
    return [kind.id for kind in reading_types().values() if kind.kind == "register"]


def _rows_of(channel: Ints, at: Ints, fact: dict[str, Ints]) -> tuple[Ints, Ints]:
    """Rows of each installation, as half-open ranges of the sorted steps."""
    low = np.searchsorted(channel, fact["channel"], side="left")
    high = np.searchsorted(channel, fact["channel"], side="right")
    for i in np.flatnonzero(_cuts(at, low, high, fact)):
        mine = at[low[i] : high[i]]
        high[i] = low[i] + np.searchsorted(mine, fact["valid_to"][i], side="right")
        low[i] = low[i] + np.searchsorted(mine, fact["valid_from"][i], side="left")
    return low.astype(np.int64), high.astype(np.int64)


def _cuts(at: Ints, low: Ints, high: Ints, fact: dict[str, Ints]) -> Bools:
    """Installations that begin or end among the rows of their channel: the few that need a closer look."""
    filled = high > low
    cuts = np.zeros(low.size, dtype=np.bool_)
    earliest, latest = at[low[filled]], at[high[filled] - 1]
    cuts[filled] = (earliest < fact["valid_from"][filled]) | (latest > fact["valid_to"][filled])
    return cuts


def _ranges(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """All row numbers of ranges one after another, and the range of each."""
    count = high - low
    of = np.repeat(np.arange(low.size), count)
    return np.arange(count.sum()) - np.repeat(np.cumsum(count) - count - low, count), of


def _multiplied(step: Ints, value: Ints, linked: Bools, numerator: Ints, denominator: Ints) -> Ints:
    """Steps times the multiplier; fractions are floored on the register itself, so that the differences telescope."""
    if (denominator == 1).all():
        return step * numerator
    scaled = value * numerator // denominator
    before = np.concatenate([value[:1], value[:-1]])
    apart = (step - (value - before)) * numerator // denominator
    return np.where(linked, scaled - np.concatenate([scaled[:1], scaled[:-1]]) + apart, 0)


def _same_series(fact: dict[str, Ints]) -> Bools:
    return same_as_before(fact["usage_point"]) & same_as_before(fact["reading_type"])


def _meet(begins: Ints, series: Ints, *, at: Ints, step: Ints, linked: Bools) -> None:
    """The first row of each installation has no step of its own; it is linked only where the one before ends at its time."""
    step[begins] = 0
    linked[begins] = False
    follows = np.flatnonzero(same_as_before(series))
    linked[begins[follows]] = at[begins[follows]] == at[begins[follows] - 1]
