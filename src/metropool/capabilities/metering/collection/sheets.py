"""Sheets: one small value per channel, 4096 channels side by side, so that a city is a few dozen rows and no loop.

A *bit sheet* has ``width`` bytes per channel: bit k is slot k of the business day. A *latest sheet* has one ``LATEST``
record per channel. Pure: arrays in, arrays out; ``adapters/sheets.py`` keeps them.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

CHUNK = 4096
LATEST = np.dtype([("at", "<i8"), ("value", "<i8"), ("received_at", "<i8"), ("quality", "u1"), ("filled", "u1")])
"""Newest reading of a channel; ``filled`` is 0 where there is none."""

Bits = NDArray[np.uint8]
Ints = NDArray[np.int64]


def width_of(slots: int) -> int:
    """Bytes per channel of a bit sheet."""
    return (slots + 7) // 8


def new_bits(slots: int) -> Bits:
    """A bit sheet with nothing in it, shape (CHUNK, width)."""
    return np.zeros((CHUNK, width_of(slots)), np.uint8)


def read_bits(data: bytes, slots: int) -> Bits:
    """A bit sheet from its bytes."""
    return np.frombuffer(data, np.uint8).reshape(CHUNK, width_of(slots)).copy()


def set_bits(bits: Bits, places: Ints, slots: Ints) -> None:
    """Set slot ``slots[i]`` of the channel at ``places[i]``; repeats are fine."""
    flat = bits.reshape(-1)
    where = places * bits.shape[1] + (slots >> 3)
    np.bitwise_or.at(flat, where, (1 << (slots & 7)).astype(np.uint8))


def count_bits(bits: Bits) -> int:
    """How many slots are set."""
    return int(np.bitwise_count(bits).sum())


def slots_per_channel(bits: Bits) -> Ints:
    """Slots set per channel, shape (CHUNK,)."""
    counts: Ints = np.bitwise_count(bits).sum(axis=1).astype(np.int64)
    return counts


def wanted_row(first: int, last: int, slots: int) -> Bits:
    """One channel's bytes with slots ``first .. last - 1`` set."""
    flags = np.zeros(width_of(slots) * 8, np.uint8)
    flags[max(first, 0) : max(last, 0)] = 1
    return np.packbits(flags, bitorder="little")


def per_chunk(channels: Ints) -> list[tuple[int, slice]]:
    """Chunks of channel numbers in ascending order, with where each lies in them."""
    if not len(channels):
        return []
    chunks = channels // CHUNK
    starts = np.flatnonzero(np.diff(chunks, prepend=chunks[0] - 1))
    ends = np.append(starts[1:], len(chunks))
    return [(int(chunks[a]), slice(int(a), int(b))) for a, b in zip(starts, ends, strict=True)]


def join(sheets: Mapping[int, Bits], *, channels: int, slots: int) -> Bits:
    """Sheets by chunk as one array over channel numbers ``0 .. channels``, zero where there is no sheet."""
    chunks = channels // CHUNK + 1
    whole = np.zeros((chunks * CHUNK, width_of(slots)), np.uint8)
    for chunk, bits in sheets.items():
        if chunk < chunks:
            whole[chunk * CHUNK : (chunk + 1) * CHUNK] = bits
    return whole[: channels + 1]


def newest(old: NDArray[np.void], places: Ints, rows: Mapping[str, NDArray[np.generic]]) -> NDArray[np.void]:
    """A latest sheet after readings (at most one per place); what is older than what it holds changes nothing."""
    fresh = old.copy()
    is_newer = (old["filled"][places] == 0) | (np.asarray(rows["at"]) >= old["at"][places])
    where = places[is_newer]
    for name in ("at", "value", "received_at", "quality"):
        fresh[name][where] = np.asarray(rows[name])[is_newer]
    fresh["filled"][where] = 1
    return fresh
