"""Readings of a channel as amounts from one to the next: the common ground of registers, intervals and mean powers."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from metropool.facts.readings.schemas import STEPS

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def steps_table(
    *, channel: npt.NDArray[np.int32], at: Ints, value: Ints, quality: npt.NDArray[np.uint8], step: Ints, linked: Bools
) -> pa.Table:
    """Columns as a ``STEPS`` table."""
    columns = [channel, at, value, quality.astype(np.uint8, copy=False), step, linked]
    return pa.Table.from_arrays([pa.array(column) for column in columns], schema=STEPS)


def same_as_before(keys: npt.NDArray[np.generic]) -> Bools:
    """Whether each key equals the one before it; shape (n,), the first is False."""
    same = np.empty(keys.size, dtype=np.bool_)
    same[:1] = False
    np.equal(keys[1:], keys[:-1], out=same[1:])
    return same


def register_steps(*, channel: npt.NDArray[np.int32], at: Ints, value: Ints, quality: npt.NDArray[np.uint8]) -> pa.Table:
    """Differences of clean registers, sorted by (channel, at), without repeats; falls break the link."""
    same = same_as_before(channel)
    step = np.diff(value, prepend=value[:1])
    linked = same & (step >= 0)
    step[~linked] = 0
    return steps_table(channel=channel, at=at, value=value, quality=step_quality(quality, same), step=step, linked=linked)


def interval_steps(
    *, channel: npt.NDArray[np.int32], at: Ints, amount: Ints, length_s: Ints, quality: npt.NDArray[np.uint8]
) -> pa.Table:
    """Amounts of intervals that end at ``at``; each brings its own start, linked where the one before ended there.

    Args:
        amount: Amount of each interval; for a mean power, power x ``length_s``.
        length_s: Length of each interval [s]; where two overlap the later one is cut at the end of the earlier.
    """
    begins = at - length_s
    follows = same_as_before(channel) & (np.concatenate([begins[:1] - 1, at[:-1]]) >= begins)
    opening = ~follows
    places = np.arange(at.size) + np.cumsum(opening)
    total = at.size + int(opening.sum())
    before = places[opening] - 1
    owner, when, step = np.empty(total, dtype=np.int32), np.empty(total, dtype=np.int64), np.zeros(total, dtype=np.int64)
    grade, linked = np.zeros(total, dtype=np.uint8), np.zeros(total, dtype=np.bool_)
    owner[places], when[places], step[places], grade[places], linked[places] = channel, at, amount, quality, True
    owner[before], when[before] = channel[opening], begins[opening]
    return steps_table(channel=owner, at=when, value=np.zeros(total, np.int64), quality=grade, step=step, linked=linked)


def step_quality(quality: npt.NDArray[np.uint8], same: Bools) -> npt.NDArray[np.uint8]:
    """A difference is as good as the worse of its two registers."""
    before = np.concatenate([quality[:1], quality[:-1]])
    return np.where(same, np.maximum(quality, before), quality).astype(np.uint8)
