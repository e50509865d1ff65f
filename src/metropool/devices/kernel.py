"""Compiled primitives shared by the protocol kernels: packed decimals and times, over one big byte buffer."""

# Small compiled functions, called by position on the bulk path; numba infers the types of the private ones.
# mypy: disable-error-code="no-any-return,no-untyped-def,no-untyped-call"

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

BAD = -(1 << 58)
DAY_S, ZONE_S = 86_400, 8 * 3600
Bytes = NDArray[np.uint8]


# Rows as the kernels write them: one array of shape (5, capacity), so that a call passes one reference. Its lines are
# device, at, value, the small fields packed (point << 48 | item << 16 | quality << 8 | flag), index of the frame.
Out = NDArray[np.int64]
DEVICE, AT, VALUE, SMALL, FRAME = range(5)
LINES = 5


class Columns(NamedTuple):
    """Columns of measured rows; see ``rows.Row`` for their meaning. ``frame``: index of the frame."""

    device: NDArray[np.uint64]
    point: NDArray[np.uint16]
    item: NDArray[np.int32]
    at: NDArray[np.int64]
    value: NDArray[np.int64]
    quality: NDArray[np.uint8]
    flag: NDArray[np.uint8]
    frame: NDArray[np.int32]


def columns_of(out: Out, rows: int) -> Columns:
    """The first ``rows`` rows of ``out`` as columns; device, at and value are views of it."""
    small = out[SMALL, :rows]
    return Columns(
        device=out[DEVICE, :rows].view(np.uint64),
        point=(small >> 48).astype(np.uint16),
        item=(small >> 16).astype(np.int32),
        at=out[AT, :rows],
        value=out[VALUE, :rows],
        quality=(small >> 8).astype(np.uint8),
        flag=small.astype(np.uint8),
        frame=out[FRAME, :rows].astype(np.int32),
    )


_PAIRS = np.array([(b >> 4) * 10 + (b & 15) if b >> 4 < 10 and b & 15 < 10 else -(1 << 20) for b in range(256)], np.int64)
_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)


@njit(cache=True, nogil=True)
def pair(byte: int) -> int:
    """The two digits of a byte; far below zero when one is none."""
    return _PAIRS[byte]


@njit(cache=True, nogil=True)
def checksum(buffer: Bytes, first: int, last: int) -> int:
    """The sum of the bytes in ``[first, last)``, modulo 256."""
    total = np.uint8(0)
    for i in range(first, last):
        total = np.uint8(total + buffer[i])
    return int(total)


@njit(cache=True, nogil=True)
def number(buffer: Bytes, at: int, width: int) -> int:
    """The unsigned decimal of ``width`` bytes, lowest first; negative when a nibble is no digit."""
    total = 0
    bad = 0
    for i in range(at + width - 1, at - 1, -1):
        digits = _PAIRS[buffer[i]]
        bad |= digits
        total = total * 100 + digits
    return total if bad >= 0 else BAD


@njit(cache=True, nogil=True)
def unix_s(year: int, month: int, day: int, second_of_day: int) -> int:
    """Unix seconds of a device-local time (UTC+8), year 0-99 of this century; BAD when there is no such day."""
    if year < 0 or month < 1 or month > 12 or day < 1 or second_of_day < 0 or second_of_day >= DAY_S:
        return BAD
    leap = 1 if month == 2 and year % 4 == 0 else 0
    if day > _MONTH_DAYS[month] + leap:
        return BAD
    y = 2000 + year - (1 if month <= 2 else 0)
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    days = y * 365 + y // 4 - y // 100 + y // 400 + day_of_year - 719468
    return days * DAY_S + second_of_day - ZONE_S


@njit(cache=True, nogil=True)
def minute_time(buffer: Bytes, at: int) -> int:
    """``mm hh DD MM YY`` as Unix seconds; BAD when it names no time."""
    minute, hour = _PAIRS[buffer[at]], _PAIRS[buffer[at + 1]]
    if minute < 0 or minute > 59 or hour < 0 or hour > 23:
        return BAD
    return unix_s(_PAIRS[buffer[at + 4]], _PAIRS[buffer[at + 3]], _PAIRS[buffer[at + 2]], hour * 3600 + minute * 60)


@njit(cache=True, nogil=True)
def emit(out: Out, k: int, head: tuple[int, int, int, int], item: int, at: int, value: int) -> int:
    """Write row ``k``; the next free one.

    Args:
        head: Device, point, flag, frame.
        value: Integer in the scale of the reading type; BAD writes a missing value.
    """
    missing = value <= BAD
    out[DEVICE, k] = head[0]
    out[AT, k] = at
    out[VALUE, k] = 0 if missing else value
    out[SMALL, k] = head[1] << 48 | item << 16 | (512 if missing else 0) | head[2]
    out[FRAME, k] = head[3]
    return k + 1
