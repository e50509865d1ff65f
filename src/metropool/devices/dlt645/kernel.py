"""Compiled reading of DL/T 645 answers forwarded by a concentrator: the same rows as ``rows.py``."""

# Small compiled functions, called by position on the bulk path; numba infers the types of the private ones.
# mypy: disable-error-code="no-any-return,no-untyped-def,no-untyped-call"

import numpy as np
from numba import njit

from metropool.devices.kernel import BAD, Bytes, Out, checksum, emit, minute_time, number, pair

OTHER = -1
_DIGITS = np.array([(b - 0x33) & 0xFF for b in range(256)], np.uint8)
_PAIRS = np.array([(b >> 4) * 10 + (b & 15) if b >> 4 < 10 and b & 15 < 10 else -(1 << 20) for b in _DIGITS.tolist()], np.int64)
_NO_TIME, _FREEZE_UNDATED, _FREEZE_TIME = 1, 4, 8
_FORWARD, _REVERSE, _RELAY = 1, 6, 18


@njit(cache=True, nogil=True)
def is_frame(buffer: Bytes, at: int, end: int) -> bool:
    """A whole, sound DL/T 645 frame fills ``[at, end)``."""
    if (
        end - at < 12
        or buffer[at] != 0x68
        or buffer[at + 7] != 0x68
        or end - at != 12 + buffer[at + 9]
        or buffer[end - 1] != 0x16
    ):
        return False
    return checksum(buffer, at, end - 2) == buffer[end - 2]


@njit(cache=True, nogil=True)
def read_answer(buffer: Bytes, at: int, frame: int, out: Out, k: int) -> tuple[int, int]:
    """Rows of the sound frame at ``at``.

    Returns:
        The next free row, or OTHER when this is not an answer this kernel knows; and how many values have no reading type.
    """
    address = number(buffer, at + 1, 6)
    size = int(buffer[at + 9])
    if buffer[at + 8] != 0x91 or size < 4 or address < 0:
        return OTHER, 0
    device = (2 << 60) | address
    data_id = 0
    for i in range(3, -1, -1):
        data_id = data_id << 8 | int(_DIGITS[buffer[at + 10 + i]])
    first, length = at + 14, size - 4
    kind, middle, low = data_id >> 16, data_id >> 8 & 0xFF, data_id & 0xFF
    if kind in (1, 2) and low == 0 and (middle == 0xFF or middle <= 63):
        if middle != 0xFF and length != 4:
            return OTHER, 0
        head = (device, 0, _NO_TIME, frame)
        return _registers(buffer, first, length, kind, 0 if middle == 0xFF else middle, head, out, k)
    if kind == 0x0506 and 1 <= low <= 62:
        if middle in (1, 2):
            return _registers(buffer, first, length, middle, 0, (device, low, _FREEZE_UNDATED, frame), out, k)
        if middle == 0 and length == 5:
            plain = np.empty(5, np.uint8)
            for i in range(5):
                plain[i] = _DIGITS[buffer[first + i]]
            return emit(out, k, (device, low, _FREEZE_TIME, frame), 0, 0, minute_time(plain, 0)), 0
    return _single(buffer, first, length, data_id, (device, 0, _NO_TIME, frame), out, k)


@njit(cache=True, nogil=True)
def _registers(buffer, first, length, kind, tariff, head, out, k):
    """Four-byte registers of ``kind`` 1 forward or 2 reverse, from ``tariff`` on."""
    if length == 0 or length % 4 != 0:
        return OTHER, 0
    unmapped = 0
    known = 5 if kind == 1 else 3
    item = _FORWARD if kind == 1 else _REVERSE
    for index in range(length // 4):
        if tariff + index >= known:
            unmapped += 1
            continue
        value = _shifted(buffer, first + index * 4, 4)
        k = emit(out, k, head, item + tariff + index, 0, value * 100 if value >= 0 else BAD)
    return k, unmapped


@njit(cache=True, nogil=True)
def _single(buffer, first, length, data_id, head, out, k):
    """Relay state, and the instantaneous values with a reading type."""
    if data_id == 0x04000503 and length == 2:
        word = int(_DIGITS[buffer[first]])
        return emit(out, k, head, _RELAY, 0, (word >> 4 & 1) | (word >> 5 & 2)), 0
    if data_id == 0x02010100 and length == 2:
        return emit(out, k, head, 16, 0, _shifted(buffer, first, 2)), 0
    item = 17 if data_id == 0x02020100 else 15 if data_id == 0x02030000 else 20 if data_id == 0x02040000 else 0
    if item == 0 or length != 3:
        return OTHER, 0
    top = int(_DIGITS[buffer[first + 2]])
    high, low = pair(top & 0x7F), _shifted(buffer, first, 2)
    if high < 0 or low < 0:
        return emit(out, k, head, item, 0, BAD), 0
    value = high * 10_000 + low
    return emit(out, k, head, item, 0, -value if top & 0x80 else value), 0


@njit(cache=True, nogil=True)
def _shifted(buffer, at, width):
    """The unsigned decimal of ``width`` shifted bytes, lowest first; BAD when a nibble is no digit."""
    total = 0
    bad = 0
    for i in range(at + width - 1, at - 1, -1):
        digits = _PAIRS[buffer[i]]
        bad |= digits
        total = total * 100 + digits
    return total if bad >= 0 else BAD
