"""Swapped meters (户表串户): two channels that go on, at the same moment, where the other one stood."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from metropool.capabilities.metering.validation.flags import Findings, FlagClass

Ints = npt.NDArray[np.int64]
Columns = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Breaks:
    """Where registers broke off, shape (breaks,) each.

    Attributes:
        before, after: Register on either side of the break.
        most: Most the register could have moved meanwhile.
        kind: Only channels of one kind can be swapped.
    """

    channel: npt.NDArray[np.int32]
    at: Ints
    before: Ints
    after: Ints
    most: Ints
    kind: npt.NDArray[np.int32]


NEAREST = 64
"""Partners tried for one break: those whose register stood closest below where it went on. Of meters that all stood at about the
same value nobody can say which two were swapped; where more would fit, the rest are not looked at and stay plain breaks."""

_AT_ONCE = 4096


def find_swaps(found: Findings, breaks: Breaks) -> None:
    """Flag each break that continues, and is continued by, another one of its kind and moment.

    Work and memory grow with ``NEAREST`` times the breaks, however many meters break at one instant.
    """
    order = np.lexsort((breaks.before, breaks.kind, breaks.at))
    column = {name: values[order] for name, values in vars(breaks).items()}
    low, high = _candidates(column)
    swapped = np.zeros(order.size, dtype=np.bool_)
    for start in range(0, order.size, _AT_ONCE):
        one, other = _pairs(low[start : start + _AT_ONCE], high[start : start + _AT_ONCE], start)
        fits = _goes_on(column, one, other) & _goes_on(column, other, one) & (column["channel"][one] != column["channel"][other])
        swapped[one[fits]] = swapped[other[fits]] = True
    rows = np.sort(order[swapped])
    found.add(FlagClass.SWAP, channel=breaks.channel[rows], from_at=breaks.at[rows], amount=breaks.after[rows])


def _candidates(column: Columns) -> tuple[Ints, Ints]:
    """Half-open range of the sorted breaks that each may continue: of its moment and kind, close below where it goes on."""
    first = np.ones(column["at"].size, dtype=np.bool_)
    first[1:] = (np.diff(column["at"]) != 0) | (np.diff(column["kind"]) != 0)
    group = np.cumsum(first) - 1
    most = np.maximum.reduceat(column["most"], np.flatnonzero(first))[group] if first.size else column["most"]
    known = np.unique(column["before"])
    key = group * (known.size + 1) + np.searchsorted(known, column["before"])
    lowest = group * (known.size + 1) + np.searchsorted(known, column["after"] - most)
    beyond = group * (known.size + 1) + np.searchsorted(known, column["after"], side="right")
    low, high = np.searchsorted(key, lowest), np.searchsorted(key, beyond)
    return np.maximum(low, high - NEAREST), high


def _pairs(low: Ints, high: Ints, start: int) -> tuple[Ints, Ints]:
    """Every break from ``start`` on with each of its candidates."""
    count = np.maximum(high - low, 0)
    one = np.repeat(np.arange(low.size), count)
    within = np.arange(one.size) - np.repeat(np.cumsum(count) - count, count)
    return one + start, low[one] + within


def _goes_on(column: Columns, one: Ints, other: Ints) -> npt.NDArray[np.bool_]:
    """Whether each ``one`` goes on where the ``other`` stood."""
    moved = column["after"][one] - column["before"][other]
    return (moved >= 0) & (moved <= column["most"][other])
