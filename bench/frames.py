"""Frames of the city as bytes, whole arrays at a time: templates of our own, nothing of the product's codec.

Q/GDW 376.1: ``68 L L 68 | C A1 A2 A3 AFN SEQ | units | CS 16``, a unit is ``DA DT`` and its content. A packed decimal has two
digits a byte, lowest byte first. CJ/T 188: ``68 type address(7) control length | data | CS 16``.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]
_PUSH = 0xC4
_SINGLE, _CONFIRM = 0x60, 0x10
_PAIRS = np.array([i // 10 << 4 | i % 10 for i in range(100)], np.uint8)


def decimal_bytes(number: Ints, width: int) -> Bytes:
    """Packed decimals, lowest byte first; shape (…, width)."""
    powers = 100 ** np.arange(width, dtype=np.int64)
    packed: Bytes = _PAIRS[number[..., None] // powers % 100]
    return packed


def login_frames(terminal: Ints) -> Bytes:
    """AFN 02 F1 of each terminal (A1 << 16 | A2), shape (n, 20)."""
    return _terminal_frames(terminal, np.zeros((len(terminal), 0), np.uint8), control=0xC9, afn=0x02, seq=_SINGLE, da=0, fn=1)


def freeze_frames(terminal: Ints, point: Ints, registers: Ints, *, day: date) -> Bytes:
    """Pushed daily freezes, AFN 0D F161: total and four tariffs, shape (n, 5) [0.01 kWh]; read ten past midnight after."""
    label = _fixed(len(terminal), [day.day, day.month, day.year % 100], [10, 0, 1, 7, day.year % 100])
    wide = decimal_bytes(registers * 100, 5).reshape(len(terminal), -1)
    content = np.concatenate([label, np.full((len(terminal), 1), 4, np.uint8), wide], axis=1)
    return _terminal_frames(terminal, content, control=_PUSH, afn=0x0D, seq=_SINGLE | _CONFIRM, da=_da(point), fn=161)


def profile_frames(terminal: Ints, point: Ints, registers: Ints, *, day: date) -> Bytes:
    """Pushed profiles, AFN 0D F101: a register each quarter hour from 00:15 on, shape (n, 96) [0.01 kWh]."""
    head = np.concatenate(
        [
            _fixed(len(terminal), [15, 0, day.day, day.month, day.year % 100]),
            np.broadcast_to(np.array([1, registers.shape[1]], np.uint8), (len(terminal), 2)),
        ],
        axis=1,
    )
    content = np.concatenate([head, decimal_bytes(registers, 4).reshape(len(terminal), -1)], axis=1)
    return _terminal_frames(terminal, content, control=_PUSH, afn=0x0D, seq=_SINGLE | _CONFIRM, da=_da(point), fn=101)


def volume_answers(
    terminal: Ints, meter_type: Ints, address: Ints, register: Ints, settled: Ints, *, day: date, hour: int
) -> Bytes:
    """Passed-through answers, AFN 10 F1, told unasked: 901F, volume of now and of settlement day [0.01 m3], five past the hour."""
    n = len(terminal)
    clock = _fixed(n, [0, 5, hour, day.day, day.month, day.year % 100, 20])
    cubic_metres = np.full((n, 1), 0x2C, np.uint8)
    data = [
        np.broadcast_to(np.array([0x90, 0x1F, 0x01], np.uint8), (n, 3)),
        *(decimal_bytes(register, 4), cubic_metres, decimal_bytes(settled, 4), cubic_metres, clock),
        np.zeros((n, 2), np.uint8),
    ]
    head = [np.full((n, 1), 0x68, np.uint8), meter_type.astype(np.uint8)[:, None], decimal_bytes(address, 7)]
    inner = _closed(np.concatenate([*head, np.broadcast_to(np.array([0x81, 22], np.uint8), (n, 2)), *data], axis=1), first=0)
    port = np.broadcast_to(np.array([31, inner.shape[1], 0], np.uint8), (n, 3))
    return _terminal_frames(terminal, np.concatenate([port, inner], axis=1), control=_PUSH, afn=0x10, seq=_SINGLE, da=0, fn=1)


def _terminal_frames(terminal: Ints, content: Bytes, *, control: int, afn: int, seq: int, da: int | Ints, fn: int) -> Bytes:
    user = np.zeros((len(terminal), 12 + content.shape[1]), np.uint8)
    user[:, 0], user[:, 6], user[:, 7] = control, afn, seq
    for place, shift in ((1, 16), (2, 24), (3, 0), (4, 8)):
        user[:, place] = terminal >> shift & 0xFF
    user[:, 8], user[:, 9] = np.asarray(da) & 0xFF, np.asarray(da) >> 8
    user[:, 10], user[:, 11] = 1 << (fn - 1) % 8, (fn - 1) // 8
    user[:, 12:] = content
    size = user.shape[1] << 2 | 2
    head = np.array([0x68, size & 0xFF, size >> 8, size & 0xFF, size >> 8, 0x68], np.uint8)
    return _closed(np.concatenate([np.broadcast_to(head, (len(terminal), 6)), user], axis=1), first=6)


def _closed(open_frames: Bytes, *, first: int) -> Bytes:
    """Frames with the sum of their bytes from ``first`` on, and the end byte."""
    total = open_frames[:, first:].sum(axis=1, dtype=np.uint8)
    return np.concatenate([open_frames, total[:, None], np.full((len(total), 1), 0x16, np.uint8)], axis=1)


def _da(point: Ints) -> Ints:
    """DA1 in the low byte, DA2 in the high one."""
    return (1 << (point - 1) % 8) | ((point - 1) // 8 + 1) << 8


def _fixed(n: int, *numbers: Sequence[int]) -> Bytes:
    """The same two-digit decimals in each of n rows."""
    row = _PAIRS[np.concatenate([np.asarray(part) for part in numbers])]
    return np.broadcast_to(row, (n, len(row)))
