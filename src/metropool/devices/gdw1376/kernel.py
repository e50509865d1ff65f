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

from metropool.devices.gdw1376.kernel_content import NOT_KNOWN, content
from metropool.devices.kernel import Bytes, Out, checksum, number

FOUND, DECODED, OTHER, CHECKSUM = 0, 1, 2, 3
FRAME_MIN = 20
ROWS_PER_FRAME_MAX = 8192


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
        is_sound = checksum(buffer, at + 6, at + length - 2) == buffer[at + length - 2]
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
        table.status[i] = OTHER if rows == NOT_KNOWN else DECODED
        table.unmapped[i] = unmapped
        k = k if rows == NOT_KNOWN else rows
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
        return NOT_KNOWN, 0
    region = int(buffer[offset + 7]) | int(buffer[offset + 8]) << 8
    if afn != 0x10 and number(buffer, offset + 7, 2) < 0:
        return NOT_KNOWN, 0
    terminal = int(buffer[offset + 9]) | int(buffer[offset + 10]) << 8
    device = (1 << 60) | (region << 32) | (terminal << 16)
    unmapped = 0
    while end - at >= 4:
        at, k, more = _unit(buffer, at, end, afn, (device, 0, 0, frame), out, k)
        if at == NOT_KNOWN:
            return NOT_KNOWN, 0
        unmapped += more
    if at != end:
        return NOT_KNOWN, 0
    return k, unmapped


@njit(cache=True, nogil=True)
def _unit(buffer, at, end, afn, head, out, k):
    """One data unit: for each point and each function of its masks the content. The position after it or NOT_KNOWN."""
    da1, da2, dt1, dt2 = int(buffer[at]), int(buffer[at + 1]), int(buffer[at + 2]), int(buffer[at + 3])
    at += 4
    is_terminal = da1 == 0 and da2 == 0
    if dt1 == 0 or (da1 == 0xFF and da2 == 0xFF) or (not is_terminal and (da1 == 0 or da2 == 0)):
        return NOT_KNOWN, k, 0
    unmapped = 0
    for point_bit in range(1 if is_terminal else 8):
        if not is_terminal and da1 >> point_bit & 1 == 0:
            continue
        point = 0 if is_terminal else (da2 - 1) * 8 + point_bit + 1
        for bit in range(8):
            if dt1 >> bit & 1:
                pointed = (head[0], point, 0, head[3])
                at, k, more = content(buffer, at, end, afn, dt2 * 8 + bit + 1, pointed, out, k)
                if at == NOT_KNOWN:
                    return NOT_KNOWN, k, 0
                unmapped += more
    return at, k, unmapped
