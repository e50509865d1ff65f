"""The walk along registers and intervals, compiled: one pass per channel, bounded looking ahead, no object per reading."""

import numpy as np
from numba import njit

BACKWARD, ROLLOVER, RESET, SPIKE, SCALE_CHANGE, STANDSTILL, CATCH_UP, STUCK = 4, 5, 6, 7, 8, 9, 10, 11
IMPUTED, JUMP, ZEROED, NOT_IN_USE = 14, 18, 22, 23


@njit(cache=True)
def _note(notes, used, code, first, last, amount):
    if used == notes.shape[0]:
        wider = np.empty((2 * used, 4), dtype=np.int64)
        wider[:used] = notes
        notes = wider
    notes[used, 0] = code
    notes[used, 1] = first
    notes[used, 2] = last
    notes[used, 3] = amount
    return notes, used + 1


@njit(cache=True)
def usual_steps(bounds, at, value, interval, capacity, usual_rows, factor):
    """The 99th percentile of possible positive steps of ordinary length per channel, 0 where too few are known.

    Impossible ones are left out first: those over the capacity, or over ``factor`` times the 90th percentile.
    """
    usual = np.zeros(bounds.size - 1, dtype=np.int64)
    for c in range(bounds.size - 1):
        lo, hi = bounds[c], bounds[c + 1]
        steps = np.empty(max(hi - lo, 1), dtype=np.int64)
        n = 0
        for i in range(lo + 1, hi):
            if value[i] > value[i - 1] and 2 * (at[i] - at[i - 1]) <= 3 * interval[c]:
                steps[n] = value[i] - value[i - 1]
                n += 1
        if n >= usual_rows:
            place = int(0.9 * (n - 1))
            most = factor * np.partition(steps[:n], place)[place]
            if capacity[c] > 0:
                most = min(most, capacity[c] * (interval[c] / 3600.0))
            possible = steps[:n][steps[:n] <= most]
            if possible.size >= usual_rows:
                place = int(0.99 * (possible.size - 1))
                usual[c] = np.partition(possible, place)[place]
    return usual


@njit(cache=True)
def _limit(dt, interval, capacity, usual, factor):
    """Most a register can move in ``dt`` seconds: by the installation's capacity, else by many times what is usual."""
    span = max(dt, interval, 1)
    if capacity > 0:
        return np.int64(capacity * (span / 3600.0))
    if usual > 0:
        return np.int64(factor * usual * (span / max(interval, 1)))
    return np.int64(1) << 62


@njit(cache=True)
def _recovery(i, hi, at, value, good, since, window, interval, capacity, usual, factor):
    """The first later row that continues from ``good`` as if the rows between had not been; -1 when none does."""
    recover_s, rows = window
    for j in range(i + 1, min(hi, i + 1 + rows)):
        if at[j] - since > recover_s:
            return -1
        if value[j] >= good and value[j] - good <= _limit(at[j] - since, interval, capacity, usual, factor):
            return j
    return -1


@njit(cache=True)
def _is_scaled(value, good):
    """Whether a value is another times a power of ten, to one in a hundred."""
    if good <= 0 or value <= 0:
        return False
    power = np.rint(np.log10(value / good))
    return power != 0 and abs(value / (good * 10.0**power) - 1.0) < 0.01


@njit(cache=True)
def _wrap(value, good, modulus, near, low):
    """What the register turned over at, 0 when this is no roll-over."""
    if modulus > 0:
        return modulus
    turn = np.int64(10)
    while turn <= good:
        turn *= 10
    return turn if good >= near * turn and value <= low * turn else np.int64(0)


@njit(cache=True)
def walk_registers(bounds, at, value, interval, capacity, modulus, large, usual, rule_ints, rule_floats):
    """Accept, link or reject every row of registers sorted by (channel, at), without repeated times.

    Args:
        bounds: Where the rows of each channel start, shape (channels + 1,); the other per-channel columns have (channels,).
        rule_ints: recover_s, recover_rows, standstill_rows, standstill_s, stuck_s, leading_zero_rows.
        rule_floats: standstill_factor, unknown_limit_factor, rollover_near, rollover_low.

    Returns:
        Whether each row is accepted, its step, whether it is linked; and notes (code, first row, last row, amount).
    """
    recover_s, recover_rows, still_rows, still_s, stuck_s, zero_rows = rule_ints
    still_factor, factor, near, low = rule_floats
    n = at.size
    keep, linked = np.ones(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
    step = np.zeros(n, dtype=np.int64)
    notes, used = np.empty((64, 4), dtype=np.int64), 0
    window = (recover_s, recover_rows)
    for c in range(bounds.size - 1):
        lo, hi = bounds[c], bounds[c + 1]
        if lo == hi:
            continue
        good, last, still = value[lo], lo, lo
        i = lo + 1
        while i < hi:
            moved, passed = value[i] - good, at[i] - at[last]
            limit = _limit(passed, interval[c], capacity[c], usual[c], factor)
            begins = still == lo and good == 0 and moved > 0 and i - lo >= zero_rows
            if moved == 0:
                linked[i] = True
                last = i
                i += 1
                continue
            stood = at[last] - at[still]
            if begins:
                notes, used = _note(notes, used, NOT_IN_USE, lo, last, 0)
                keep[lo:last] = False
                linked[last] = False
            elif moved > 0 and last - still >= still_rows and stood >= still_s:
                sudden = moved > limit or (usual[c] > 0 and moved > still_factor * usual[c] and 2 * passed <= 3 * interval[c])
                if sudden and moved <= _limit(at[i] - at[still], interval[c], capacity[c], usual[c], factor):
                    notes, used = _note(notes, used, STANDSTILL, still, last, 0)
                    notes, used = _note(notes, used, CATCH_UP, i, i, moved)
                    keep[still + 1 : i] = False
                    limit = moved
                elif stood >= stuck_s:
                    notes, used = _note(notes, used, STUCK, still, last, good)
            elif stood >= stuck_s:
                notes, used = _note(notes, used, STUCK, still, last, good)
            if 0 < moved <= limit:
                if large[c] > 0 and moved >= large[c]:
                    notes, used = _note(notes, used, JUMP, i, i, moved)
                step[i], linked[i] = moved, True
                good, last, still = value[i], i, i
                i += 1
                continue
            back = _recovery(i, hi, at, value, good, at[last], window, interval[c], capacity[c], usual[c], factor)
            scaled = moved > 0 and _is_scaled(value[i], good)
            if back < 0 and scaled:
                back = hi
            if back >= 0:
                keep[i:back] = False
                if moved > 0:
                    notes, used = _note(notes, used, SCALE_CHANGE if scaled else SPIKE, i, back - 1, moved)
                else:
                    for k in range(i, back):
                        if value[k] < value[k - 1]:
                            end = k
                            while value[k] == 0 and end + 1 < back and value[end + 1] == 0:
                                end += 1
                            notes, used = _note(notes, used, ZEROED if value[k] == 0 else BACKWARD, k, end, value[k] - value[k - 1])
                i = back
                continue
            turn = _wrap(value[i], good, modulus[c], near, low) if moved < 0 else np.int64(0)
            if moved > 0:
                notes, used = _note(notes, used, SPIKE, i, i, moved)
            elif turn > 0 and 0 <= moved + turn <= limit:
                notes, used = _note(notes, used, ROLLOVER, i, i, moved)
                step[i], linked[i] = moved + turn, True
            else:
                notes, used = _note(notes, used, RESET, i, i, moved)
            good, last, still = value[i], i, i
            i += 1
        if at[last] - at[still] >= stuck_s:
            notes, used = _note(notes, used, STUCK, still, last, good)
    return keep, step, linked, notes[:used]


@njit(cache=True)
def equal_to_day_before(bounds, at, value, rows_min, change_min, distinct_min):
    """Runs of at least ``rows_min`` lively values equal to those 86,400 s earlier; first and last row of each."""
    notes, used = np.empty((64, 4), dtype=np.int64), 0
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
                changes += i > lo and value[i] != value[i - 1]
            elif first >= 0:
                if i - first >= rows_min and kinds >= distinct_min and changes >= change_min * (i - first):
                    notes, used = _note(notes, used, IMPUTED, first, i - 1, 0)
                first = -1
    return notes[:used]


@njit(cache=True)
def typical_interval(bounds, at):
    """The median distance of neighbouring rows of each channel [s], 0 for a single row."""
    typical = np.zeros(bounds.size - 1, dtype=np.int64)
    for c in range(bounds.size - 1):
        lo, hi = bounds[c], bounds[c + 1]
        if hi - lo > 1:
            typical[c] = np.partition(np.diff(at[lo:hi]), (hi - lo - 1) // 2)[(hi - lo - 1) // 2]
    return typical
