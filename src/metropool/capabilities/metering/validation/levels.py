"""Level changes: from one day on an interval channel shows a small fraction, or a multiple, of what it showed before."""

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from metropool.capabilities.metering.validation.flags import Findings, FlagClass
from metropool.capabilities.metering.validation.rows import Rows
from metropool.capabilities.metering.validation.rules import Rules

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
DAY_S = 86_400


def find_level_changes(rows: Rows, found: Findings, rules: Rules) -> None:
    """Flag the day that parts ``level_days`` active days from as many before them by a factor of ``level_ratio`` or more.

    Days without any amount are left out: a meter read at zero for a month and then in another unit is found too. The weather
    changes slowly and a unit from one day to the next, so the days right beside the change must differ as well.
    """
    day = rows.at // DAY_S
    first = np.flatnonzero(~(rows.same_channel() & (np.diff(day, prepend=day[:1]) == 0)))
    if not first.size:
        return
    amount = np.add.reduceat(rows.value, first).astype(np.float64)
    active = amount > 0
    first, amount = first[active], amount[active]
    owner = rows.fact[first]
    if not owner.size:
        return
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    for lo, hi in zip(starts, np.append(starts[1:], owner.size), strict=True):
        for place in lo + _changes(amount[lo:hi], rules):
            row = first[place]
            found.add(
                FlagClass.LEVEL_CHANGE,
                channel=rows.channel[row : row + 1],
                from_at=rows.at[row : row + 1],
                amount=rows.value[row : row + 1],
                row=rows.row[row : row + 1],
            )


def _changes(amount: Floats, rules: Rules) -> Ints:
    """Places in a channel's active days where another level begins; the sharpest of each neighbourhood."""
    days = rules.level_days
    if amount.size < 2 * days:
        return np.empty(0, dtype=np.int64)
    level = np.log(np.median(sliding_window_view(amount, days), axis=1))
    apart = np.abs(level[days:] - level[:-days])
    step = np.abs(np.log(amount[days : amount.size - days + 1]) - np.log(amount[days - 1 : amount.size - days]))
    sharp = (apart >= np.log(rules.level_ratio)) & (step >= np.log(rules.level_ratio) / 2)
    places: list[int] = []
    for place in np.flatnonzero(sharp)[np.argsort(-(apart + step)[sharp])]:
        if all(abs(place - other) >= days for other in places):
            places.append(int(place))
    return np.array(sorted(places), dtype=np.int64) + days
