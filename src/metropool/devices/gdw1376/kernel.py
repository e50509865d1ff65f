"""Compiled path of Q/GDW 376.1: many glued frames of many terminals in, columns of values out; the same rows as ``rows.py``.

``scan`` finds frames, ``decode`` turns their data units into rows. A frame is all or nothing here: one the kernel does not
wholly understand gets the status OTHER, writes no row, and is for the readable path.
"""

# Small compiled functions, called by position on the bulk path; numba infers the types of the private ones.
# mypy: disable-error-code="no-any-return,no-untyped-def,no-untyped-call"

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from metropool.devices.cjt188 import kernel as cjt188
from metropool.devices.dlt645 import kernel as dlt645
from metropool.devices.kernel import BAD, DAY_S, Bytes, Out, emit, minute_time, number, pair, unix_s

FOUND, DECODED, OTHER, CHECKSUM = 0, 1, 2, 3
FRAME_MIN = 20
ROWS_PER_FRAME_MAX = 8192
_NOT_KNOWN = -1
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


class FrameTable(NamedTuple):
    """Preallocated columns of frames: where, how long, whose (A1 << 16 | A2), C, AFN, SEQ, status, values without a type."""

    offset: NDArray[np.int64]
    length: NDArray[np.int32]
    terminal: NDArray[np.uint32]
    control: NDArray[np.uint8]
    afn: NDArray[np.uint8]
    seq: NDArray[np.uint8]
    status: NDArray[np.uint8]
    unmapped: NDArray[np.int32]


@njit(cache=True, nogil=True)
def scan(buffer: Bytes, table: FrameTable) -> tuple[int, int, int]:
    """Find frames; resynchronise one byte past a start that leads nowhere.

    Returns:
        Frames found, bytes consumed (the rest is the beginning of a frame, or there was no room in ``table``), bytes skipped.
    """
    size, at, count, skipped = len(buffer), 0, 0, 0
    while at < size:
        if buffer[at] != 0x68:
            at += 1
            skipped += 1
            continue
        if count == len(table.offset):
            return count, at, skipped
        length = _frame_length(buffer, at, size)
        if length < 0:
            return count, at, skipped
        if length == 0:
            at += 1
            skipped += 1
            continue
        is_sound = _sum(buffer, at + 6, at + length - 2) == buffer[at + length - 2]
        _note(buffer, at, length, FOUND if is_sound else CHECKSUM, table, count)
        count += 1
        at += length if is_sound else 1
        skipped += 0 if is_sound else 1
    return count, at, skipped


@njit(cache=True, nogil=True)
def decode(buffer: Bytes, table: FrameTable, frames: int, first: int, out: Out) -> tuple[int, int]:
    """Turn the frames from ``first`` on into rows, as long as there is room for any frame.

    Returns:
        Rows written, and the first frame not yet treated (``frames`` when all are).
    """
    k = 0
    for i in range(first, frames):
        if table.status[i] == CHECKSUM:
            continue
        if k + ROWS_PER_FRAME_MAX > out.shape[1]:
            return k, i
        rows, unmapped = _decode_frame(buffer, table.offset[i], table.length[i], i, out, k)
        table.status[i] = OTHER if rows == _NOT_KNOWN else DECODED
        table.unmapped[i] = unmapped
        k = k if rows == _NOT_KNOWN else rows
    return k, frames


@njit(cache=True, nogil=True)
def _frame_length(buffer, at, size):
    """Length of the frame at ``at``; 0 when there is none, -1 when more bytes are needed to tell."""
    if size - at < 6:
        return -1
    if buffer[at + 5] != 0x68 or buffer[at + 1] != buffer[at + 3] or buffer[at + 2] != buffer[at + 4]:
        return 0
    length = ((int(buffer[at + 1]) | int(buffer[at + 2]) << 8) >> 2) + 8
    if length < FRAME_MIN:
        return 0
    if length > size - at:
        return -1
    return length if buffer[at + length - 1] == 0x16 else 0


@njit(cache=True, nogil=True)
def _sum(buffer, first, last):
    total = np.uint8(0)
    for i in range(first, last):
        total = np.uint8(total + buffer[i])
    return total


@njit(cache=True, nogil=True)
def _note(buffer, at, length, status, table, k):
    table.offset[k] = at
    table.length[k] = length
    region = int(buffer[at + 7]) | int(buffer[at + 8]) << 8
    table.terminal[k] = region << 16 | int(buffer[at + 9]) | int(buffer[at + 10]) << 8
    table.control[k] = buffer[at + 6]
    table.afn[k] = buffer[at + 12]
    table.seq[k] = buffer[at + 13]
    table.status[k] = status
    table.unmapped[k] = 0


@njit(cache=True, nogil=True)
def _decode_frame(buffer, offset, length, frame, out, k):
    control, afn = buffer[offset + 6], buffer[offset + 12]
    at, end = offset + 14, offset + length - 2
    if control & 0x20:
        end -= 2
    if buffer[offset + 13] & 0x80:
        end -= 6
    if control & 0x80 == 0 or end - at < 4 or afn not in (0x0C, 0x0D, 0x10):
        return _NOT_KNOWN, 0
    region = int(buffer[offset + 7]) | int(buffer[offset + 8]) << 8
    if afn != 0x10 and number(buffer, offset + 7, 2) < 0:
        return _NOT_KNOWN, 0
    terminal = int(buffer[offset + 9]) | int(buffer[offset + 10]) << 8
    device = (1 << 60) | (region << 32) | (terminal << 16)
    unmapped = 0
    while end - at >= 4:
        at, k, more = _unit(buffer, at, end, afn, (device, 0, 0, frame), out, k)
        if at == _NOT_KNOWN:
            return _NOT_KNOWN, 0
        unmapped += more
    if at != end:
        return _NOT_KNOWN, 0
    return k, unmapped


@njit(cache=True, nogil=True)
def _unit(buffer, at, end, afn, head, out, k):
    """One data unit: for each point and each function of its masks the content. The position after it or _NOT_KNOWN."""
    da1, da2, dt1, dt2 = int(buffer[at]), int(buffer[at + 1]), int(buffer[at + 2]), int(buffer[at + 3])
    at += 4
    is_terminal = da1 == 0 and da2 == 0
    if dt1 == 0 or (da1 == 0xFF and da2 == 0xFF) or (not is_terminal and (da1 == 0 or da2 == 0)):
        return _NOT_KNOWN, k, 0
    unmapped = 0
    for point_bit in range(1 if is_terminal else 8):
        if not is_terminal and da1 >> point_bit & 1 == 0:
            continue
        point = 0 if is_terminal else (da2 - 1) * 8 + point_bit + 1
        for bit in range(8):
            if dt1 >> bit & 1:
                pointed = (head[0], point, 0, head[3])
                at, k, more = _content(buffer, at, end, afn, dt2 * 8 + bit + 1, pointed, out, k)
                if at == _NOT_KNOWN:
                    return _NOT_KNOWN, k, 0
                unmapped += more
    return at, k, unmapped


@njit(cache=True, nogil=True)
def _content(buffer, at, end, afn, fn, head, out, k):
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
    return _NOT_KNOWN, k, 0


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
        return _NOT_KNOWN, k, 0
    start, density, points = minute_time(buffer, at), int(buffer[at + 5]), int(buffer[at + 6])
    at += 7
    width, factor, item = _WIDTH[index], _FACTOR[index], _CURVE_ITEM[index]
    step = 900 << (density - 1) if 1 <= density <= 3 else 300 if density == 254 else 60 if density == 255 else 0
    if start == BAD or end - at < points * width or (step == 0 and (density != 0 or points > 1)):
        return _NOT_KNOWN, k, 0
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
        return _NOT_KNOWN, k, 0
    day = unix_s(pair(buffer[at + 2]), pair(buffer[at + 1]), pair(buffer[at]), 0)
    if day == BAD:
        return _NOT_KNOWN, k, 0
    return _registers(buffer, at + 8, end, (_KIND_WIDTH[kind], _KIND_ITEM[kind], _KIND_ITEMS[kind]), day + DAY_S, head, out, k)


@njit(cache=True, nogil=True)
def _monthly(buffer, at, end, kind, head, out, k):
    """F177-F184: label month A21, read time A15, M, registers; of the end of the label month."""
    if end - at < 8:
        return _NOT_KNOWN, k, 0
    month, year = pair(buffer[at]), pair(buffer[at + 1])
    if month < 1 or month > 12 or year < 0:
        return _NOT_KNOWN, k, 0
    ends = unix_s(year + month // 12, month % 12 + 1, 1, 0)
    return _registers(buffer, at + 7, end, (_KIND_WIDTH[kind], _MONTH_ITEM[kind], _MONTH_ITEMS[kind]), ends, head, out, k)


@njit(cache=True, nogil=True)
def _current(buffer, at, end, kind, head, out, k):
    """F129-F136: read time A15, M, registers."""
    if end - at < 6:
        return _NOT_KNOWN, k, 0
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
        return _NOT_KNOWN, k, 0
    known = min(count, items)
    for index in range(known):
        k = emit(out, k, head, first + index, moment, number(buffer, at + index * width, width))
    return at + count * width, k, count - known


@njit(cache=True, nogil=True)
def _mains(buffer, at, end, head, out, k):
    """F25: of its 23 values total active and reactive power, voltage A and current A have reading types."""
    if end - at < 67:
        return _NOT_KNOWN, k, 0
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
        return _NOT_KNOWN, k, 0
    last = at + 3 + (int(buffer[at + 1]) | int(buffer[at + 2]) << 8)
    at += 3
    if last > end:
        return _NOT_KNOWN, k, 0
    while at < last and buffer[at] == 0xFE:
        at += 1
    if dlt645.is_frame(buffer, at, last):
        rows, unmapped = dlt645.read_answer(buffer, at, frame, out, k)
    elif cjt188.is_frame(buffer, at, last):
        rows, unmapped = cjt188.read_answer(buffer, at, frame, out, k)
    else:
        return _NOT_KNOWN, k, 0
    if rows == _NOT_KNOWN:
        return _NOT_KNOWN, k, 0
    return last, rows, unmapped
