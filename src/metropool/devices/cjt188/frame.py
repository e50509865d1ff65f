"""The CJ/T 188 frame: one start byte, meter type, 14-digit address, no shift, checksum. Clauses: see README.md."""

from dataclasses import dataclass

from metropool.core.errors import Invalid
from metropool.devices import bcd

START, END, PREAMBLE = 0x68, 0x16, 0xFE
HEADER, TRAILER = 11, 2
DATA_MAX = 0x64
WILDCARD_ADDRESS = "AAAAAAAAAAAAAA"


@dataclass(frozen=True)
class Frame:
    """One CJ/T 188 frame.

    Attributes:
        meter_type: T: 0x10-0x19 water, 0x20-0x22 heat and cooling, 0x30 gas, 0x40 other; 0xAA any.
        address: Fourteen digits as printed on the meter, maker code first.
        control: Control code, bit 7 set when the meter speaks, bit 6 when it refuses.
        data: Data identifier, serial number, content.
    """

    meter_type: int
    address: str
    control: int
    data: bytes = b""

    @property
    def from_meter(self) -> bool:
        """The meter answers (D7)."""
        return self.control & 0x80 != 0

    @property
    def is_refusal(self) -> bool:
        """The meter refuses (D7 and D6)."""
        return self.control & 0xC0 == 0xC0

    @property
    def function(self) -> int:
        """What is asked or answered (D5-D0)."""
        return self.control & 0x3F


def decode_frame(frame: bytes) -> Frame:
    """Read exactly one frame, preamble allowed.

    Raises:
        Invalid: With the reason ``start``, ``length``, ``end`` or ``checksum``.
    """
    body = frame.lstrip(bytes([PREAMBLE]))
    if not body or body[0] != START:
        raise Invalid("start")
    if len(body) < HEADER + TRAILER or body[10] > DATA_MAX or len(body) < HEADER + TRAILER + body[10]:
        raise Invalid("length")
    if body[HEADER + body[10] + 1] != END:
        raise Invalid("end")
    if len(body) > HEADER + TRAILER + body[10]:
        raise Invalid("length")
    if sum(body[:-TRAILER]) & 0xFF != body[-TRAILER]:
        raise Invalid("checksum")
    return Frame(meter_type=body[1], address=bcd.digits_of(body[2:9]), control=body[9], data=body[HEADER:-TRAILER])


def encode_frame(frame: Frame, *, preamble: int = 0) -> bytes:
    """The bytes of a frame, after ``preamble`` wake-up bytes FE.

    Raises:
        Invalid: The address is none, or the data is longer than the standard allows.
    """
    if len(frame.data) > DATA_MAX:
        raise Invalid(f"data of {len(frame.data)} bytes does not fit a CJ/T 188 frame")
    body = bytes([START, frame.meter_type]) + bcd.encode_digits(frame.address, width=7)
    body += bytes([frame.control, len(frame.data)]) + frame.data
    return bytes([PREAMBLE]) * preamble + body + bytes([sum(body) & 0xFF, END])
