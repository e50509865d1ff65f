"""Compiled path of Q/GDW 376.1, inside a data unit: the content of the functions the kernel knows, as rows (``content.py`` reads all)."""

# Small compiled functions, called by position on the bulk path; numba infers the types of the private ones.
# mypy: disable-error-code="no-any-return,no-untyped-def,no-untyped-call"

import numpy as np
from numba import njit

from metropool.devices.cjt188 import kernel as cjt188
from metropool.devices.dlt645 import kernel as dlt645
from metropool.devices.kernel import BAD, DAY_S, emit, minute_time, number, pair, unix_s

NOT_KNOWN = -1
_CLOCK_BAD = 2

# Curves F81-F108: bytes of a value, sign, factor to the scale of the reading type, reading type (0 = none).
_WIDTH = np.array([3] * 8 + [2] * 3 + [3] * 4 + [2] + [4] * 8 + [2] * 4, np.int64)
_SIGNED = np.array([True] * 8 + [False] * 3 + [True] * 4 + [False] * 9 + [True] * 4)
_FACTOR = np.array([1] * 20 + [100] * 4 + [1] * 4, np.int64)
_CURVE_ITEM = np.array([15, 0, 0, 0, 20, 0, 0, 0, 16, 0, 0, 17, 0, 0, 0, 0, 11, 0, 12, 0, 10] + [0] * 7, np.int64)
# Registers: the eight kinds of F129-F136, F161-F168 and F177-F184; first reading type and how many tariffs (with the total) have one.
_KIND_WIDTH = np.array([5, 4, 5, 4, 4, 4, 4, 4], np.int64)
_KIND_ITEM = np.array([1, 0, 6, 0, 0, 0, 0, 0], np.int64)
_KIND_ITEMS = np.array([5, 0, 3, 0, 0, 0, 0, 0], np.int64)
# The same of the monthly freezes F177-F184: only the forward total has a reading type of its own.
_MONTH_ITEM = np.array([21, 0, 0, 0, 0, 0, 0, 0], np.int64)
_MONTH_ITEMS = np.array([1, 0, 0, 0, 0, 0, 0, 0], np.int64)


@njit(cache=True, nogil=True)
def content(buffer, at, end, afn, fn, head, out, k):
    """What function ``fn`` says of one point, as rows from ``k`` on.

    Returns:
        The position after it or NOT_KNOWN, the next free row, how many values have no reading type.
    """
    if afn == 0x0D and 81 <= fn <= 108:
        return _curve(buffer, at, end, fn - 81, head, out, k)
    if afn == 0x0D and 161 <= fn <= 168:
        return _daily(buffer, at, end, fn - 161, head, out, k)
    if afn == 0x0D and 177 <= fn <= 184:
        return _monthly(buffer, at, end, fn - 177, head, out, k)
    if afn == 0x0C and 129 <= fn <= 136:
        return _current(buffer, at, end, fn - 129, head, out, k)
    if afn == 0x0C and fn == 25:
        return _mains(buffer, at, end, head, out, k)
    if afn == 0x10 and fn == 1:
        return _forwarded(buffer, at, end, head[3], out, k)
    return NOT_KNOWN, k, 0


@njit(cache=True, nogil=True)
def _signed(buffer, at, width):
    """A number whose top bit is its sign; BAD when it is none."""
    top = buffer[at + width - 1]
    high = pair(top & 0x7F)
    low = number(buffer, at, width - 1)
    if high < 0 or low < 0:
        return BAD
    scale = 100 if width == 2 else 10_000
    value = high * scale + low
    return -value if top & 0x80 else value


@njit(cache=True, nogil=True)
def _curve(buffer, at, end, index, head, out, k):
    """F81-F108: start A15, density, number of points, values."""
    if end - at < 7:
        return NOT_KNOWN, k, 0
    start, density, points = minute_time(buffer, at), int(buffer[at + 5]), int(buffer[at + 6])
    at += 7
    width, factor, item = _WIDTH[index], _FACTOR[index], _CURVE_ITEM[index]
    step = 900 << (density - 1) if 1 <= density <= 3 else 300 if density == 254 else 60 if density == 255 else 0
    if start == BAD or end - at < points * width or (step == 0 and (density != 0 or points > 1)):
        return NOT_KNOWN, k, 0
    if item == 0:
        return at + points * width, k, points
    signed = _SIGNED[index]
    for point in range(points):
        value = _signed(buffer, at, width) if signed else number(buffer, at, width)
        k = emit(out, k, head, item, start + point * step, value if value == BAD else value * factor)
        at += width
    return at, k, 0


@njit(cache=True, nogil=True)
def _daily(buffer, at, end, kind, head, out, k):
    """F161-F168: label day A20, read time A15, M, registers; of the end of the label day."""
    if end - at < 9:
        return NOT_KNOWN, k, 0
    day = unix_s(pair(buffer[at + 2]), pair(buffer[at + 1]), pair(buffer[at]), 0)
    if day == BAD:
        return NOT_KNOWN, k, 0
    return _registers(buffer, at + 8, end, (_KIND_WIDTH[kind], _KIND_ITEM[kind], _KIND_ITEMS[kind]), day + DAY_S, head, out, k)


@njit(cache=True, nogil=True)
def _monthly(buffer, at, end, kind, head, out, k):
    """F177-F184: label month A21, read time A15, M, registers; of the end of the label month."""
    if end - at < 8:
        return NOT_KNOWN, k, 0
    month, year = pair(buffer[at]), pair(buffer[at + 1])
    if month < 1 or month > 12 or year < 0:
        return NOT_KNOWN, k, 0
    ends = unix_s(year + month // 12, month % 12 + 1, 1, 0)
    return _registers(buffer, at + 7, end, (_KIND_WIDTH[kind], _MONTH_ITEM[kind], _MONTH_ITEMS[kind]), ends, head, out, k)


@njit(cache=True, nogil=True)
def _current(buffer, at, end, kind, head, out, k):
    """F129-F136: read time A15, M, registers."""
    if end - at < 6:
        return NOT_KNOWN, k, 0
    time = minute_time(buffer, at)
    timed = (head[0], head[1], _CLOCK_BAD if time == BAD else 0, head[3])
    of_kind = (_KIND_WIDTH[kind], _KIND_ITEM[kind], _KIND_ITEMS[kind])
    return _registers(buffer, at + 5, end, of_kind, 0 if time == BAD else time, timed, out, k)


@njit(cache=True, nogil=True)
def _registers(buffer, at, end, kind, moment, head, out, k):
    """M, then total and M tariffs; ``kind`` is bytes of a register, first reading type, how many have one."""
    width, first, items = kind
    count = int(buffer[at]) + 1
    at += 1
    if end - at < count * width:
        return NOT_KNOWN, k, 0
    known = min(count, items)
    for index in range(known):
        k = emit(out, k, head, first + index, moment, number(buffer, at + index * width, width))
    return at + count * width, k, count - known


@njit(cache=True, nogil=True)
def _mains(buffer, at, end, head, out, k):
    """F25: of its 23 values total active and reactive power, voltage A and current A have reading types."""
    if end - at < 67:
        return NOT_KNOWN, k, 0
    time = minute_time(buffer, at)
    timed = (head[0], head[1], _CLOCK_BAD if time == BAD else 0, head[3])
    moment = 0 if time == BAD else time
    k = emit(out, k, timed, 15, moment, _signed(buffer, at + 5, 3))
    k = emit(out, k, timed, 20, moment, _signed(buffer, at + 17, 3))
    k = emit(out, k, timed, 16, moment, number(buffer, at + 37, 2))
    k = emit(out, k, timed, 17, moment, _signed(buffer, at + 43, 3))
    return at + 67, k, 19


@njit(cache=True, nogil=True)
def _forwarded(buffer, at, end, frame, out, k):
    """AFN 10 F1: port, length, the meter's own frame, wake-up bytes allowed."""
    if end - at < 3:
        return NOT_KNOWN, k, 0
    last = at + 3 + (int(buffer[at + 1]) | int(buffer[at + 2]) << 8)
    at += 3
    if last > end:
        return NOT_KNOWN, k, 0
    while at < last and buffer[at] == 0xFE:
        at += 1
    if dlt645.is_frame(buffer, at, last):
        rows, unmapped = dlt645.read_answer(buffer, at, frame, out, k)
    elif cjt188.is_frame(buffer, at, last):
        rows, unmapped = cjt188.read_answer(buffer, at, frame, out, k)
    else:
        return NOT_KNOWN, k, 0
    if rows == NOT_KNOWN:
        return NOT_KNOWN, k, 0
    return last, rows, unmapped
