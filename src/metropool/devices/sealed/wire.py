"""How a sealed link is cut into records: one header of twenty bytes before each, and no way back after a bad one.

| bytes | what |
|---|---|
| 0-1 | A7 5E |
| 2 | version, 1 |
| 3 | kind: 1 hello, 2 answer, 3 frame |
| 4 | suite |
| 5 | direction: 0 from the terminal, 1 to it |
| 6-7 | bytes that follow the header, high byte first |
| 8-19 | hello, answer: name of the key (8) and its number (4); frame: session (4) and counter (8), which together are the nonce |
"""

from dataclasses import dataclass, field

from metropool.devices.sealed.suites import NAMES, TAG

MAGIC, VERSION = b"\xa7\x5e", 1
HELLO, ANSWER, FRAME = 1, 2, 3
UP, DOWN = 0, 1
HEADER, RANDOM, EXPIRY = 20, 32, 8
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
        kind: Of the record that must come next: a hello or an answer, then frames only.
        suite: Of the link; None while any is taken.
        fault: Why nothing more is taken from this link; empty while all is well.
    """

    direction: int
    kind: int = HELLO
    suite: int | None = None
    fault: str = ""
    _held: bytearray = field(default_factory=bytearray)

    def feed(self, received: bytes) -> list[bytes]:
        """Take received bytes; the records now whole, in order. Nothing after a bad header, ever."""
        if self.fault:
            return []
        self._held += received
        found, at, held = [], 0, self._held
        while len(held) - at >= HEADER:
            if not self._is_header(at):
                self.fault = "bad_header"
                break
            end = at + HEADER + (held[at + 6] << 8 | held[at + 7])
            if len(held) < end:
                break
            found.append(bytes(held[at:end]))
            at = end
            if self.kind != FRAME:
                self.kind, self.suite = FRAME, held[at - len(found[-1]) + 4]
        del held[:at]
        if self.fault:
            held.clear()
        return found

    @property
    def pending(self) -> int:
        """Bytes held back."""
        return len(self._held)

    def _is_header(self, at: int) -> bool:
        held, size = self._held, self._held[at + 6] << 8 | self._held[at + 7]
        is_ours = held[at : at + 2] == MAGIC and held[at + 2] == VERSION and held[at + 5] == self.direction
        suite = held[at + 4]
        is_expected = held[at + 3] == self.kind and (suite in NAMES if self.suite is None else suite == self.suite)
        is_bounded = FRAME_MIN <= size <= FRAME_MAX if self.kind == FRAME else size == GREETING
        return is_ours and is_expected and is_bounded
