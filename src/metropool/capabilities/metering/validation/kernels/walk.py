"""The walk along registers and intervals, compiled: one pass per channel, bounded looking ahead, no object per reading."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from metropool.capabilities.metering.validation.kernels.notes import (
    BACKWARD,
    CATCH_UP,
    JUMP,
    NOT_IN_USE,
    RESET,
    ROLLOVER,
    SCALE_CHANGE,
    SPIKE,
    STANDSTILL,
    STUCK,
    ZEROED,
    Ints,
    Note,
    no_notes,
    note,
)

Bools = npt.NDArray[np.bool_]
_NO_LIMIT = 1 << 62


class Columns(NamedTuple):
    """Rows sorted by (channel, at), without repeated times; ``bounds``: where each channel starts, shape (channels + 1,)."""

    bounds: Ints
    at: Ints
    value: Ints


class Channels(NamedTuple):
    """Per channel, shape (channels,): see ``ChannelFact``; ``usual`` is its ordinary large step."""

    interval_s: Ints
    capacity: Ints
    modulus: Ints
    large_step: Ints
    usual: Ints


class Parameters(NamedTuple):
    """Those of ``rules.yaml`` that the walk uses."""

    recover_s: int
    recover_rows: int
    standstill_rows: int
    standstill_s: int
    standstill_factor: float
    stuck_s: int
    leading_zero_rows: int
    unknown_limit_factor: float
    rollover_near: float
    rollover_low: float


class Walk(NamedTuple):
    """One channel under way: the rows of all, what limits this one's steps, and the rules."""

    at: Ints
    value: Ints
    interval_s: int
    capacity: int
    modulus: int
    usual: int
    rules: Parameters


@njit(cache=True)
def _limit(walk: Walk, passed: int) -> int:
    """Most a register can move in ``passed`` seconds: by the capacity, else by many times what is usual."""
    span = max(passed, walk.interval_s, 1)
    if walk.capacity > 0:
        return int(walk.capacity * (span / 3600.0))
    if walk.usual > 0:
        return int(walk.rules.unknown_limit_factor * walk.usual * (span / max(walk.interval_s, 1)))
    return _NO_LIMIT


@njit(cache=True)
def _recovery(walk: Walk, i: int, good_row: int, end: int) -> int:
    """The first row after ``i`` that continues from ``good_row`` as if the rows between had not been; -1 when none does."""
    good, since = walk.value[good_row], walk.at[good_row]
    for j in range(i + 1, min(end, i + 1 + walk.rules.recover_rows)):
        passed = walk.at[j] - since
        if passed > walk.rules.recover_s:
            return -1
        moved = walk.value[j] - good
        if 0 <= moved <= _limit(walk, passed):
            return j
    return -1


@njit(cache=True)
def _is_scaled(value: int, good: int) -> bool:
    """Whether a value is another times a power of ten, to one in a hundred."""
    if good <= 0 or value <= 0:
        return False
    power = np.rint(np.log10(value / good))
    return bool(power != 0 and abs(value / (good * 10.0**power) - 1.0) < 0.01)


@njit(cache=True)
def _turn(walk: Walk, value: int, good: int) -> int:
    """What the register rolls over at; guessed as the next power of ten where the digits are not known, 0 when it does not."""
    if walk.modulus > 0:
        return walk.modulus
    turn = 10
    while turn <= good:
        turn *= 10
    return turn if good >= walk.rules.rollover_near * turn and value <= walk.rules.rollover_low * turn else 0


@njit(cache=True)
def _set_aside(walk: Walk, i: int, last: int, back: int, notes: Ints) -> Ints:
    """Note the rows from ``i`` to before ``back`` as misread: a leap as one, falls one by one."""
    value = walk.value
    if value[i] > value[last]:
        code = SCALE_CHANGE if _is_scaled(value[i], value[last]) else SPIKE
        return note(notes, (code, i, back - 1, value[i] - value[last]))
    for k in range(i, back):
        if value[k] >= value[k - 1]:
            continue
        end = k
        while value[k] == 0 and end + 1 < back and value[end + 1] == 0:
            end += 1
        notes = note(notes, (ZEROED if value[k] == 0 else BACKWARD, k, end, value[k] - value[k - 1]))
    return notes


@njit(cache=True)
def _is_catch_up(walk: Walk, still: int, last: int, i: int) -> bool:
    """Whether the step to row ``i`` makes up for the equal readings from ``still`` to ``last``."""
    at, moved = walk.at, walk.value[i] - walk.value[last]
    if moved <= 0 or last - still < walk.rules.standstill_rows or at[last] - at[still] < walk.rules.standstill_s:
        return False
    passed = at[i] - at[last]
    unusual = walk.usual > 0 and moved > walk.rules.standstill_factor * walk.usual and 2 * passed <= 3 * walk.interval_s
    return bool((unusual or moved > _limit(walk, passed)) and moved <= _limit(walk, at[i] - at[still]))


@njit(cache=True)
def _end_of_still(walk: Walk, ends: Note, keep: Bools, notes: Ints) -> tuple[bool, Ints]:
    """Row ``i`` moves after equal readings ``still`` to ``last``: were they a standstill, a register not in use, or long quiet?

    Returns:
        Whether the step is explained by them, and the notes.
    """
    lo, still, last, i = ends
    at, value = walk.at, walk.value
    if still == lo and value[lo] == 0 and value[i] > 0 and i - lo >= walk.rules.leading_zero_rows:
        keep[lo:last] = False
        return False, note(notes, (NOT_IN_USE, lo, last, 0))
    if _is_catch_up(walk, still, last, i):
        keep[still + 1 : i] = False
        notes = note(notes, (STANDSTILL, still, last, 0))
        return True, note(notes, (CATCH_UP, i, i, value[i] - value[last]))
    if at[last] - at[still] >= walk.rules.stuck_s:
        notes = note(notes, (STUCK, still, last, value[last]))
    return False, notes


@njit(cache=True)
def _break(walk: Walk, i: int, last: int, notes: Ints) -> tuple[int, Ints]:
    """A step that cannot be and does not come back: the amount across a roll-over, else -1, and the note."""
    moved = walk.value[i] - walk.value[last]
    if moved < 0:
        turn = _turn(walk, walk.value[i], walk.value[last])
        if turn > 0 and 0 <= moved + turn <= _limit(walk, walk.at[i] - walk.at[last]):
            return moved + turn, note(notes, (ROLLOVER, i, i, moved))
    return -1, note(notes, (SPIKE if moved > 0 else RESET, i, i, moved))


@njit(cache=True)
def _walk_channel(walk: Walk, ends: tuple[int, int], large_step: int, out: tuple[Bools, Ints, Bools], notes: Ints) -> Ints:
    at, value = walk.at, walk.value
    keep, step, linked = out
    lo, hi = ends
    last, still, i = lo, lo, lo + 1
    while i < hi:
        moved = value[i] - value[last]
        if moved == 0:
            linked[i] = True
            last = i
            i += 1
            continue
        explained, notes = _end_of_still(walk, (lo, still, last, i), keep, notes)
        if explained or 0 < moved <= _limit(walk, at[i] - at[last]):
            if 0 < large_step <= moved:
                notes = note(notes, (JUMP, i, i, moved))
            step[i], linked[i] = moved, True
        else:
            back = _recovery(walk, i, last, hi)
            if back < 0 and moved > 0 and _is_scaled(value[i], value[last]):
                back = hi
            if back >= 0:
                keep[i:back] = False
                notes = _set_aside(walk, i, last, back, notes)
                i = back
                continue
            across, notes = _break(walk, i, last, notes)
            step[i], linked[i] = max(across, 0), across >= 0
        last, still = i, i
        i += 1
    if hi > lo and at[last] - at[still] >= walk.rules.stuck_s:
        notes = note(notes, (STUCK, still, last, value[last]))
    return notes


@njit(cache=True)
def walk_registers(columns: Columns, channels: Channels, rules: Parameters) -> tuple[Bools, Ints, Bools, Ints]:
    """Accept, link or set aside every row of registers.

    Returns:
        Whether each row is accepted, its step, whether it is linked to the accepted row before; and notes
        (code, first row, last row, amount), shape (notes, 4).
    """
    bounds, at, value = columns
    keep, step, linked = np.ones(at.size, dtype=np.bool_), np.zeros(at.size, dtype=np.int64), np.zeros(at.size, dtype=np.bool_)
    notes = no_notes()
    for c in range(bounds.size - 1):
        walk = Walk(at, value, channels.interval_s[c], channels.capacity[c], channels.modulus[c], channels.usual[c], rules)
        notes = _walk_channel(walk, (bounds[c], bounds[c + 1]), channels.large_step[c], (keep, step, linked), notes)
    return keep, step, linked, notes[1 : notes[0, 0] + 1]
