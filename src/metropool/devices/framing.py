"""Frames out of a stream of bytes: bounded, incremental, resynchronising within one frame."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from metropool.core.errors import Invalid

Protocol = Literal["dlt645", "cjt188", "gdw1376"]
NOT_A_FRAME, NEED_MORE = 0, -1
START, END = 0x68, 0x16
_DLT645_HEAD, _CJT188_HEAD, _GDW1376_HEAD = 10, 11, 6
_CJT188_DATA_MAX, _GDW1376_USER_MIN = 0x64, 12


@dataclass
class Splitter:
    """Cuts a stream of one protocol into frames.

    Feed it whatever the line gives; it returns the sound frames (without preamble) and steps one byte on where a start
    byte leads nowhere. It never holds more than one frame that is not whole: ``frame_max(protocol)`` bytes.

    Attributes:
        protocol: Whose frames.
        skipped: Bytes so far that belonged to no sound frame, preamble FE not counted.
        refused: Starts so far that looked like a frame but for the checksum.
    """

    protocol: Protocol
    skipped: int = 0
    refused: int = 0
    _buffer: bytearray = field(default_factory=bytearray)

    def feed(self, received: bytes) -> list[bytes]:
        """Take received bytes; the frames now whole, in order."""
        self._buffer += received
        return self._cut()

    def flush(self) -> list[bytes]:
        """The line went quiet: what waits for more is no frame. The frames that hid behind its start."""
        found: list[bytes] = []
        while self._buffer:
            self._skip(1)
            found += self._cut()
        return found

    @property
    def pending(self) -> int:
        """Bytes held back because they may begin a frame."""
        return len(self._buffer)

    def _cut(self) -> list[bytes]:
        found, length_of = [], _LENGTHS[self.protocol]
        at = 0
        while True:
            start = self._buffer.find(START, at)
            at = self._pass(at, len(self._buffer) if start < 0 else start)
            size = length_of(self._buffer, at)
            if size == NEED_MORE or at == len(self._buffer):
                break
            if size == NOT_A_FRAME or not self._is_sound(at, size):
                at = self._pass(at, at + 1)
                continue
            found.append(bytes(self._buffer[at : at + size]))
            at += size
        del self._buffer[:at]
        return found

    def _is_sound(self, at: int, size: int) -> bool:
        first = at + _GDW1376_HEAD if self.protocol == "gdw1376" else at
        is_sound = sum(self._buffer[first : at + size - 2]) & 0xFF == self._buffer[at + size - 2]
        self.refused += not is_sound
        return is_sound

    def _pass(self, at: int, to: int) -> int:
        self.skipped += to - at - self._buffer.count(0xFE, at, to)
        return to

    def _skip(self, size: int) -> None:
        self._pass(0, size)
        del self._buffer[:size]


def frame_max(protocol: Protocol) -> int:
    """Longest possible frame of a protocol [bytes]; also the most a ``Splitter`` holds back."""
    return {"dlt645": 267, "cjt188": 113, "gdw1376": 0x3FFF + 8}[protocol]


def strip_echo(*, request: bytes, received: bytes) -> bytes:
    """What was received without the copy of our own request that half-duplex lines return."""
    return received.removeprefix(request)


def splitter_of(protocol: str) -> Splitter:
    """A splitter for a protocol by name.

    Raises:
        Invalid: No such protocol.
    """
    for known in _LENGTHS:
        if known == protocol:
            return Splitter(known)
    raise Invalid(f"no protocol is called {protocol!r}; there are {', '.join(_LENGTHS)}")


def _dlt645_length(buffer: bytearray, at: int) -> int:
    left = len(buffer) - at
    if left > 7 and buffer[at + 7] != START:
        return NOT_A_FRAME
    return _end_checked(buffer, at, buffer[at + 9] + 12) if left >= _DLT645_HEAD else NEED_MORE


def _cjt188_length(buffer: bytearray, at: int) -> int:
    if len(buffer) - at < _CJT188_HEAD:
        return NEED_MORE
    size = buffer[at + 10]
    return _end_checked(buffer, at, size + 13) if size <= _CJT188_DATA_MAX else NOT_A_FRAME


def _gdw1376_length(buffer: bytearray, at: int) -> int:
    if len(buffer) - at < _GDW1376_HEAD:
        return NEED_MORE
    if buffer[at + 5] != START or buffer[at + 1 : at + 3] != buffer[at + 3 : at + 5]:
        return NOT_A_FRAME
    size = int.from_bytes(buffer[at + 1 : at + 3], "little") >> 2
    return _end_checked(buffer, at, size + 8) if size >= _GDW1376_USER_MIN else NOT_A_FRAME


def _end_checked(buffer: bytearray, at: int, size: int) -> int:
    if len(buffer) - at < size:
        return NEED_MORE
    return size if buffer[at + size - 1] == END else NOT_A_FRAME


_LENGTHS: dict[Protocol, Callable[[bytearray, int], int]] = {
    "dlt645": _dlt645_length,
    "cjt188": _cjt188_length,
    "gdw1376": _gdw1376_length,
}
