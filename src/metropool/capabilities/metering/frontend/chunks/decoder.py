"""Bytes of many links into columns of values and the confirmations each link is due, without Python per frame.

The confirmations are made here but sent only when the batch is in the log. What the kernel leaves (link frames, events,
refusals, functions it does not know) is listed for the readable path.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from metropool.capabilities.metering.frontend.chunks.kernel import scan_links
from metropool.capabilities.metering.frontend.chunks.measured import good_rows, measured_columns
from metropool.devices.gdw1376.kernel import CHECKSUM, DECODED, OTHER, ROWS_PER_FRAME_MAX, FrameTable, decode
from metropool.devices.kernel import LINES, Bytes, Columns, columns_of
from metropool.devices.rows import CLOCK_BAD
from metropool.facts.readings.schemas import Origin

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
NOT_ASKED, WINDOW = 0xFF, 8
"""No request is open on a link; and how many frames an answer may have: later numbers belong to an older request."""

_PRM, _UP, _CON = 0x40, 0x80, 0x10
_CONFIRM = np.frombuffer(bytes.fromhex("683200320068 0B 0000000000 00 60 00000100 00 16"), np.uint8)


@dataclass(frozen=True)
class Standing:
    """What is known of each link when its bytes are decoded; one entry per link.

    Attributes:
        terminal: A1 << 16 | A2 it logged in as; 0 for nobody.
        afn, seq: Open request: function and sequence number; NOT_ASKED for none.
        origin: What values answering it are marked with.
    """

    terminal: NDArray[np.uint32]
    afn: NDArray[np.uint8]
    seq: NDArray[np.uint8]
    origin: NDArray[np.uint8]


@dataclass
class Frames:
    """Frames found in the bytes of some links.

    Attributes:
        buffer: The bytes.
        table: One entry per frame (``devices.gdw1376.kernel``).
        link: Which link each is of.
        consumed, skipped: Per link.
        is_full: There was no room for more; the rest of the bytes waits for the next chunk.
    """

    buffer: Bytes
    table: FrameTable
    link: Ints
    consumed: Ints
    skipped: Ints
    is_full: bool = False

    def __len__(self) -> int:
        return len(self.link)

    def raw(self, index: int) -> bytes:
        """The bytes of one frame."""
        start = int(self.table.offset[index])
        return self.buffer[start : start + int(self.table.length[index])].tobytes()


@dataclass(frozen=True)
class Decoded:
    """What frames come to.

    Attributes:
        columns: Measured values as arrays by name of ``MEASURED``.
        frame: Which frame each value is of.
        confirms: Per link, confirmations of pushes, to send when the values are durable.
        solicited: Frames that answer the open request of their link.
        other: Frames of the logged-in terminal for the readable path.
        clock_bad: Devices that named an impossible time.
        counts: ``checksum``, ``foreign`` (another terminal's or nobody's), ``late`` (no open request), ``missing``, ``undated``.
    """

    columns: dict[str, NDArray[np.generic]]
    frame: NDArray[np.int32]
    confirms: list[bytes]
    solicited: Ints
    other: Ints
    clock_bad: list[int]
    counts: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.frame)


class Decoder:
    """The kernel with its buffers, kept between chunks. Not to be shared between threads.

    Args:
        frames: Frames treated at once; what does not fit stays for the next chunk.
        rows: Values treated at once.
    """

    def __init__(self, *, frames: int = 1 << 15, rows: int = 1 << 19) -> None:
        kinds = (np.int64, np.int32, np.uint32, np.uint8, np.uint8, np.uint8, np.uint8, np.int32)
        self._table = FrameTable._make(np.empty(frames, kind) for kind in kinds)
        self._link = np.empty(frames, np.int64)
        self._rows = np.empty((LINES, max(rows, ROWS_PER_FRAME_MAX)), np.int64)

    def warm_up(self) -> None:
        """Have the kernels compiled, or loaded from their cache, before the first bytes come."""
        frames = self.scan([b""])
        decode(frames.buffer, frames.table, 0, 0, self._rows)

    def scan(self, segments: Sequence[bytes]) -> Frames:
        """Find the frames in the bytes of each link."""
        buffer = np.frombuffer(b"".join(segments), np.uint8)
        bounds = np.concatenate(([0], np.cumsum([len(segment) for segment in segments]))).astype(np.int64)
        used = np.zeros((2, len(segments)), np.int64)
        count = scan_links(buffer, bounds, self._table, self._link, used)
        table = FrameTable._make(column[:count] for column in self._table)
        return Frames(buffer, table, self._link[:count].copy(), used[0], used[1], is_full=count == len(self._link))

    def decode(self, frames: Frames, *, standing: Standing, received_at: int) -> Decoded:
        """Values and confirmations of frames.

        Args:
            frames: From ``scan``; its statuses are set.
            standing: What is known of each link.
            received_at: Unix milliseconds.
        """
        portions, first = [], 0
        while first < len(frames):
            count, first = decode(frames.buffer, frames.table, len(frames), first, self._rows)
            portions.append(columns_of(self._rows[:, :count].copy(), count))
        rows = portions[0] if len(portions) == 1 else _joined(portions)
        return _decoded(frames, rows, standing, received_at)


def confirmations(frames: Frames, chosen: Ints) -> NDArray[np.uint8]:
    """AFN 00 F1 for each chosen frame, shape (n, 20)."""
    made = np.repeat(_CONFIRM[None, :], len(chosen), axis=0)
    made[:, 7:12] = frames.buffer[frames.table.offset[chosen][:, None] + np.arange(7, 12)]
    made[:, 13] |= frames.table.seq[chosen] & 0x0F
    made[:, 18] = made[:, 6:18].sum(axis=1, dtype=np.uint8)
    return made


def _decoded(frames: Frames, rows: Columns, standing: Standing, received_at: int) -> Decoded:
    table, link = frames.table, frames.link
    is_sound = table.status != CHECKSUM
    is_own = is_sound & (table.terminal == standing.terminal[link]) & (table.terminal != 0) & (table.control & _UP != 0)
    is_push = table.control & _PRM != 0
    is_answer = is_own & ~is_push & _answers(table, link, standing)
    is_taken = (is_own & is_push) | is_answer
    is_row, is_undated = good_rows(rows, is_taken)
    origin = np.where(is_push, np.uint8(Origin.PUSHED), standing.origin[link])
    return Decoded(
        columns=measured_columns(rows, is_row, origin, received_at),
        frame=rows.frame[is_row],
        confirms=_confirms(frames, is_taken & is_push & (table.status == DECODED), len(frames.consumed)),
        solicited=np.flatnonzero(is_answer),
        other=np.flatnonzero(is_own & (table.status == OTHER)),
        clock_bad=np.unique(rows.device[is_row & (rows.flag == CLOCK_BAD)]).tolist(),
        counts={
            "checksum": int(np.count_nonzero(~is_sound)),
            "foreign": int(np.count_nonzero(is_sound & ~is_own)),
            "late": int(np.count_nonzero(is_own & ~is_taken)),
            "missing": int(np.count_nonzero(rows.quality != 0)),
            "undated": int(np.count_nonzero(is_undated)),
        },
    )


def _answers(table: FrameTable, link: Ints, standing: Standing) -> Flags:
    """The frame has the function and a number of the request that is open on its link; AFN 00 answers any."""
    is_open = standing.afn[link] != NOT_ASKED
    has_number = ((table.seq - standing.seq[link]) & 0x0F) < WINDOW
    found: Flags = is_open & has_number & ((table.afn == standing.afn[link]) | (table.afn == 0))
    return found


def _confirms(frames: Frames, is_confirmed: Flags, links: int) -> list[bytes]:
    chosen = np.flatnonzero(is_confirmed & (frames.table.seq & _CON != 0))
    made = confirmations(frames, chosen).tobytes()
    bounds = np.searchsorted(frames.link[chosen], np.arange(links + 1)) * len(_CONFIRM)
    return [made[bounds[i] : bounds[i + 1]] for i in range(links)]


def _joined(portions: Sequence[Columns]) -> Columns:
    if not portions:
        return columns_of(np.empty((LINES, 0), np.int64), 0)
    return Columns._make(np.concatenate(columns) for columns in zip(*portions, strict=True))
