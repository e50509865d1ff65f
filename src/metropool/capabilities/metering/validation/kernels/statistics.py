"""What is usual for a channel, compiled."""

import numpy as np
import numpy.typing as npt
from numba import njit

Ints = npt.NDArray[np.int64]


@njit(cache=True)
def _percentile(steps: Ints, share: float) -> int:
    place = int(share * (steps.size - 1))
    return int(np.partition(steps, place)[place])


@njit(cache=True)
def usual_steps(columns: tuple[Ints, Ints, Ints], interval_s: Ints, capacity: Ints, rows_min: int, factor: float) -> Ints:
    """The 99th percentile of possible positive steps of ordinary length per channel, 0 where too few are known.

    Impossible ones are left out first: those over the capacity, or over ``factor`` times the 90th percentile. ``columns`` are
    bounds, times and values as in ``walk.Columns``.
    """
    bounds, at, value = columns
    usual = np.zeros(bounds.size - 1, dtype=np.int64)
    for c in range(bounds.size - 1):
        lo, hi = bounds[c], bounds[c + 1]
        steps, n = np.empty(max(hi - lo, 1), dtype=np.int64), 0
        for i in range(lo + 1, hi):
            if value[i] > value[i - 1] and 2 * (at[i] - at[i - 1]) <= 3 * interval_s[c]:
                steps[n] = value[i] - value[i - 1]
                n += 1
        if n < rows_min:
            continue
        most = factor * _percentile(steps[:n], 0.9)
        if capacity[c] > 0:
            most = min(most, capacity[c] * (interval_s[c] / 3600.0))
        possible = steps[:n][steps[:n] <= most]
        if possible.size >= rows_min:
            usual[c] = _percentile(possible, 0.99)
    return usual


@njit(cache=True)
def typical_interval(bounds: Ints, at: Ints) -> Ints:
    """The median distance of neighbouring rows of each channel [s], 0 for a single row."""
    typical = np.zeros(bounds.size - 1, dtype=np.int64)
    for c in range(bounds.size - 1):
        if bounds[c + 1] - bounds[c] > 1:
            typical[c] = _percentile(np.diff(at[bounds[c] : bounds[c + 1]]), 0.5)
    return typical
