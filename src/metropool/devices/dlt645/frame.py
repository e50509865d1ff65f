"""The DL/T 645 frame: preamble, address, control code, data shifted by 33H, checksum. Clauses: see README.md."""

from dataclasses import dataclass, field

from metropool.core.errors import Invalid
from metropool.devices import bcd

START, END, PREAMBLE = 0x68, 0x16, 0xFE
HEADER, TRAILER = 10, 2
DATA_MAX = 255
WILDCARD_ADDRESS = "AAAAAAAAAAAA"
BROADCAST_ADDRESS = "999999999999"

_UNSHIFT = bytes((byte - 0x33) & 0xFF for byte in range(256))
_SHIFT = bytes((byte + 0x33) & 0xFF for byte in range(256))


@dataclass(frozen=True)
class Frame:
    """One DL/T 645 frame.

    Attributes:
        address: Twelve digits, as printed on the meter; A stands for any digit.
        control: Control code, bit 7 set when the meter speaks.
        data: DATA without the 33H shift. Not in the repr: it can hold passwords.
    """

    address: str
    control: int
    data: bytes = field(default=b"", repr=False)

    @property
    def from_meter(self) -> bool:
        """The meter answers (D7)."""
        return self.control & 0x80 != 0

    @property
    def is_refusal(self) -> bool:
        """The meter refuses (D7 and D6)."""
        return self.control & 0xC0 == 0xC0

    @property
    def more_follows(self) -> bool:
        """The rest of the answer waits to be fetched (D5)."""
        return self.from_meter and self.control & 0x20 != 0

    @property
    def function(self) -> int:
        """What is asked or answered (D4-D0)."""
        return self.control & 0x1F

    @property
    def data_id(self) -> int:
        """The 2007 data identifier DATA begins with; 0xFFFFFFFF when it is too short for one."""
        return int.from_bytes(self.data[:4], "little") if len(self.data) >= 4 else 0xFFFFFFFF


def decode_frame(frame: bytes) -> Frame:
    """Read exactly one frame, preamble allowed.

    Raises:
        Invalid: With the reason ``start``, ``length``, ``end`` or ``checksum``.
    """
    body = frame.lstrip(bytes([PREAMBLE]))
    if not body or body[0] != START:
        raise Invalid("start")
    if len(body) > 7 and body[7] != START:
        raise Invalid("start")
    if len(body) < HEADER + TRAILER or len(body) < HEADER + TRAILER + body[9]:
        raise Invalid("length")
    if body[HEADER + body[9] + 1] != END:
        raise Invalid("end")
    if len(body) > HEADER + TRAILER + body[9]:
        raise Invalid("length")
    if sum(body[:-TRAILER]) & 0xFF != body[-TRAILER]:
        raise Invalid("checksum")
    return Frame(address=bcd.digits_of(body[1:7]), control=body[8], data=body[HEADER:-TRAILER].translate(_UNSHIFT))


def encode_frame(frame: Frame, *, preamble: int = 0) -> bytes:
    """The bytes of a frame, after ``preamble`` wake-up bytes FE.

    Raises:
        Invalid: The address is none, or DATA is longer than 255 bytes.
    """
    if len(frame.data) > DATA_MAX:
        raise Invalid(f"DATA of {len(frame.data)} bytes does not fit a DL/T 645 frame")
    body = bytes([START]) + bcd.encode_digits(frame.address, width=6) + bytes([START, frame.control, len(frame.data)])
    body += frame.data.translate(_SHIFT)
    return bytes([PREAMBLE]) * preamble + body + bytes([sum(body) & 0xFF, END])
