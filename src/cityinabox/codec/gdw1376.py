"""Q/GDW 376.1 frames between concentrator and head-end.

Source: Q/GDW 376.1-2009 and 1376.1-2013 as described by public implementations. Frame
``68 L L 68 C A1 A1 A2 A2 A3 AFN SEQ data-units AUX CS 16``; L low bits 10 and the length of C to AUX times 4.
"""

from dataclasses import dataclass

from cityinabox.codec.bcd import BadFrame, digits, low_first, number, signed_low_first, times

CONFIRM, LINK, SET, CONTROL, QUERY, CURRENT, HISTORY, EVENTS, FORWARD = 0x00, 0x02, 0x04, 0x05, 0x0A, 0x0C, 0x0D, 0x0E, 0x10
WITH_PASSWORD = frozenset({0x01, 0x04, 0x05, 0x06, 0x0F, 0x10})
UP, STARTER = 0x80, 0x40
USER_DATA, NO_SUCH_DATA = 0x08, 0x09
LARGEST = 16383


@dataclass(frozen=True)
class Frame376:
    """One frame; ``region`` is four digits, ``aux`` what follows the data units: password, event counters, time label."""

    region: str
    terminal: int
    afn: int
    control: int
    seq: int
    units: bytes
    station: int = 0
    aux: bytes = b""

    @property
    def number(self) -> int:
        """Sequence number 0-15."""
        return self.seq & 0x0F

    def encode(self) -> bytes:
        """The bytes on the wire."""
        address = digits(self.region) + self.terminal.to_bytes(2, "little") + bytes((self.station << 1,))
        body = bytes((self.control,)) + address + bytes((self.afn, self.seq)) + self.units + self.aux
        if len(body) > LARGEST:
            raise ValueError(f"{len(body)} bytes do not fit in a frame")
        size = (len(body) << 2 | 2).to_bytes(2, "little")
        return b"\x68" + size + size + b"\x68" + body + bytes((sum(body) % 256, 0x16))


def decode(raw: bytes) -> Frame376:
    """One whole frame.

    Raises:
        BadFrame: Start, lengths, checksum or end is wrong.
    """
    if len(raw) < 16 or raw[0] != 0x68 or raw[5] != 0x68 or raw[1:3] != raw[3:5]:
        raise BadFrame("no start of a frame")
    size = int.from_bytes(raw[1:3], "little") >> 2
    if len(raw) != size + 8 or size < 8 or raw[-1] != 0x16:
        raise BadFrame("no end of the frame")
    body = raw[6:-2]
    if sum(body) % 256 != raw[-2]:
        raise BadFrame("checksum")
    afn, seq, control = body[6], body[7], body[0]
    tail = (6 if seq & 0x80 else 0) + (0 if control & UP else 16 if afn in WITH_PASSWORD else 0)
    tail += 2 if control & UP and control & 0x20 else 0
    end = max(8, len(body) - tail)
    return Frame376(
        region=body[2:0:-1].hex(),
        terminal=int.from_bytes(body[3:5], "little"),
        afn=afn,
        control=control,
        seq=seq,
        units=body[8:end],
        station=body[5] >> 1,
        aux=body[end:],
    )


class Splitter:
    """Cuts a byte stream into frames; what is no frame is dropped and counted."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.dropped = 0

    def feed(self, chunk: bytes) -> list[Frame376]:
        """The frames that ``chunk`` completes."""
        self._buffer += chunk
        frames: list[Frame376] = []
        while (start := self._buffer.find(b"\x68")) >= 0:
            self._drop(start)
            if len(self._buffer) < 6:
                return frames
            size = (int.from_bytes(self._buffer[1:3], "little") >> 2) + 8
            if self._buffer[5] != 0x68 or self._buffer[1:3] != self._buffer[3:5]:
                self._drop(1)
                continue
            if len(self._buffer) < size:
                return frames
            try:
                frames.append(decode(bytes(self._buffer[:size])))
                del self._buffer[:size]
            except BadFrame:
                self._drop(1)
        self._drop(len(self._buffer))
        return frames

    def _drop(self, size: int) -> None:
        self.dropped += size
        del self._buffer[:size]


def point_mask(point: int) -> bytes:
    """DA of one measuring point; 0 is the terminal."""
    return b"\0\0" if point == 0 else bytes((1 << (point - 1) % 8, (point - 1) // 8 + 1))


def function_mask(function: int) -> bytes:
    """DT of one function, counted from 1."""
    return bytes((1 << (function - 1) % 8, (function - 1) // 8))


def masked_points(mask: bytes) -> list[int]:
    """The points a DA names, ascending; FFFF gives [-1], all points."""
    if mask == b"\xff\xff":
        return [-1]
    if mask == b"\0\0":
        return [0]
    return [(mask[1] - 1) * 8 + bit + 1 for bit in range(8) if mask[0] >> bit & 1 and mask[1]]


def masked_functions(mask: bytes) -> list[int]:
    """The functions a DT names, ascending."""
    return [mask[1] * 8 + bit + 1 for bit in range(8) if mask[0] >> bit & 1]


def unit(point: int, function: int, content: bytes = b"") -> bytes:
    """One data unit."""
    return point_mask(point) + function_mask(function) + content


def a1(at_s: float) -> bytes:
    """Clock with weekday: ``ss mm hh DD week-and-month YY``."""
    raw = bytearray(times(at_s, "smhDMY"))
    weekday = number(times(at_s, "W")) or 7
    raw[4] |= weekday << 5
    return bytes(raw)


def a5(value: int | None) -> bytes:
    """+-XXX.X from tenths."""
    return b"\xee" * 2 if value is None else signed_low_first(value, 2)


def a7(value: int | None) -> bytes:
    """XXX.X volts from tenths."""
    return b"\xee" * 2 if value is None else low_first(value, 2)


def a9(value: int | None) -> bytes:
    """+-XX.XXXX kW from 0.1 W."""
    return b"\xee" * 3 if value is None else signed_low_first(value, 3)


def a11(value: int | None) -> bytes:
    """XXXXXX.XX kWh from 0.01 kWh."""
    return b"\xee" * 4 if value is None else low_first(value, 4)


def a13(value: int | None) -> bytes:
    """XXXX.XXXX kWh from 0.0001 kWh."""
    return b"\xee" * 4 if value is None else low_first(value, 4)


def a14(value: int | None) -> bytes:
    """XXXXXX.XXXX kWh from 0.0001 kWh."""
    return b"\xee" * 5 if value is None else low_first(value, 5)


def a15(at_s: float | None) -> bytes:
    """``mm hh DD MM YY``."""
    return b"\xee" * 5 if at_s is None else times(at_s, "mhDMY")


def a20(at_s: float) -> bytes:
    """``DD MM YY``."""
    return times(at_s, "DMY")


def a25(value: int | None) -> bytes:
    """+-XXX.XXX A from mA."""
    return b"\xee" * 3 if value is None else signed_low_first(value, 3)
