"""Values that are those of the day before, compiled: somebody filled a gap by copying."""

import numpy as np
from numba import njit

from metropool.capabilities.metering.validation.kernels.notes import IMPUTED, Ints, no_notes, note
from metropool.capabilities.metering.validation.kernels.walk import Columns


@njit(cache=True)
def equal_to_day_before(columns: Columns, rows_min: int, change_min: float, distinct_min: int) -> Ints:
    """Notes of runs of at least ``rows_min`` lively values equal to those 86,400 s earlier."""
    bounds, at, value = columns
    notes = no_notes()
    different = np.empty(distinct_min, dtype=np.int64)
    for c in range(bounds.size - 1):
        lo, hi = bounds[c], bounds[c + 1]
        before, first, changes, kinds = lo, -1, 0, 0
        for i in range(lo, hi + 1):
            equal = False
            if i < hi:
                while at[before] < at[i] - 86_400:
                    before += 1
                equal = at[before] == at[i] - 86_400 and value[before] == value[i]
            if equal:
                if first < 0:
                    first, changes, kinds = i, 0, 0
                if kinds < distinct_min and not (different[:kinds] == value[i]).any():
                    different[kinds] = value[i]
                    kinds += 1
                changes += value[i] != value[i - 1]
            elif first >= 0:
                if i - first >= rows_min and kinds >= distinct_min and changes >= change_min * (i - first):
                    notes = note(notes, (IMPUTED, first, i - 1, 0))
                first = -1
    return notes[1 : notes[0, 0] + 1]
