"""How a sealed link is cut into records: one header of twenty bytes before each, and no way back after a bad one.

| bytes | what |
|---|---|
| 0-1 | A7 5E |
| 2 | version, 1 |
| 3 | kind: 1 hello, 2 answer, 3 frame, 4 report (up) and its confirmation (down) |
| 4 | suite |
| 5 | direction: 0 from the terminal, 1 to it |
| 6-7 | bytes that follow the header, high byte first |
| 8-19 | hello, answer: name of the key (8) and its number (4); frame, report: session (4) and counter (8), which together are the nonce |
"""

from dataclasses import dataclass

from metropool.devices.sealed.suites import NAMES, TAG

MAGIC, VERSION = b"\xa7\x5e", 1
HELLO, ANSWER, FRAME, REPORT = 1, 2, 3, 4
UP, DOWN = 0, 1
HEADER, RANDOM, EXPIRY = 20, 32, 8
KIND = 3
"""Where a header says what kind of record it begins."""

CONTENT_MAX = 16_400
"""Bytes one frame carries at most: the longest Q/GDW 376.1 frame, and a whole number of its confirmations."""

GREETING = RANDOM + TAG
FRAME_MIN, FRAME_MAX = EXPIRY + TAG, EXPIRY + CONTENT_MAX + TAG


def header(*, kind: int, suite: int, direction: int, size: int, whose: bytes) -> bytes:
    """A header; ``whose`` are its last twelve bytes."""
    return MAGIC + bytes((VERSION, kind, suite, direction)) + size.to_bytes(2, "big") + whose


@dataclass
class Records:
    """Cuts the bytes of one direction into records; holds back less than one record.

    Attributes:
        direction: Of what is fed in.
        kind: Of the record that must come next: a hello or an answer, then frames and reports only.
        suite: Of the link; None while any is taken.
        fault: Why nothing more is taken from this link; empty while all is well.
    """

    direction: int
    kind: int = HELLO
    suite: int | None = None
    fault: str = ""
    _held: bytes = b""

    def feed(self, received: bytes) -> list[bytes]:
        """Take received bytes; the records now whole, in order. Nothing after a bad header, ever."""
        if self.fault:
            return []
        data, found, at = self._held + received if self._held else received, list[bytes](), 0
        start = self._start() if self.kind == FRAME else b""
        while len(data) - at >= HEADER:
            size = data[at + 6] << 8 | data[at + 7]
            # Of the frames of a link the first six bytes are always the same; all else is looked at byte by byte.
            is_frame = start and data[at : at + 6] == start and FRAME_MIN <= size <= FRAME_MAX
            if not is_frame and not self._is_header(data[at : at + HEADER], size):
                self.fault, self._held = "bad_header", b""
                return found
            end = at + HEADER + size
            if len(data) < end:
                break
            found.append(data[at:end])
            if self.kind != FRAME:
                self.kind, self.suite = FRAME, data[at + 4]
                start = self._start()
            at = end
        self._held = data[at:]
        return found

    @property
    def pending(self) -> int:
        """Bytes held back."""
        return len(self._held)

    def _start(self) -> bytes:
        return MAGIC + bytes((VERSION, FRAME, self.suite or 0, self.direction))

    def _is_header(self, head: bytes, size: int) -> bool:
        is_ours = head[:2] == MAGIC and head[2] == VERSION and head[5] == self.direction
        is_kind = head[3] == self.kind or (head[3] == REPORT and self.kind == FRAME)
        is_expected = is_kind and (head[4] in NAMES if self.suite is None else head[4] == self.suite)
        is_bounded = FRAME_MIN <= size <= FRAME_MAX if self.kind == FRAME else size == GREETING
        return is_ours and is_expected and is_bounded
