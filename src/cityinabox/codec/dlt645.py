"""DL/T 645-2007 frames: electricity meters.

Source: DL/T 645-2007 as described by public implementations; frame ``68 A0..A5 68 C L DATA CS 16``, data +33H.
"""

from dataclasses import dataclass

from cityinabox.codec.bcd import BadFrame, digits

READ, READ_ADDRESS, WRITE, CONTROL = 0x11, 0x13, 0x14, 0x1C
BROADCAST_TIME = 0x08
ANSWER, ABNORMAL = 0x80, 0x40
OTHER_ERROR, NO_DATA, NOT_AUTHORISED = 0x01, 0x02, 0x04
TRIP, ALLOW_CLOSING, CLOSE, LIMITED_TRIP, KEEP_POWER, END_KEEP_POWER = 0x1A, 0x1B, 0x1C, 0x1D, 0x3A, 0x3B
_SHIFT = bytes((i + 0x33) % 256 for i in range(256))
_UNSHIFT = bytes((i - 0x33) % 256 for i in range(256))


@dataclass(frozen=True)
class Frame645:
    """One frame: address of 12 digits, control byte, data without the +33H."""

    address: str
    control: int
    data: bytes = b""

    @property
    def data_id(self) -> int:
        """The data identifier of a read, such as 0x00010000.

        Raises:
            BadFrame: The data is shorter.
        """
        if len(self.data) < 4:
            raise BadFrame("no data identifier")
        return int.from_bytes(self.data[:4], "little")

    def encode(self) -> bytes:
        """The bytes on the wire, without preamble."""
        head = b"\x68" + digits(self.address) + bytes((0x68, self.control, len(self.data)))
        body = head + self.data.translate(_SHIFT)
        return body + bytes((sum(body) % 256, 0x16))


def decode(raw: bytes) -> Frame645:
    """The first frame of ``raw``; preamble bytes before it are skipped.

    Raises:
        BadFrame: Start, length, checksum or end is wrong.
    """
    raw = raw.lstrip(b"\xfe")
    if len(raw) < 12 or raw[0] != 0x68 or raw[7] != 0x68:
        raise BadFrame("no start of a frame")
    size = raw[9]
    if len(raw) < 12 + size or raw[11 + size] != 0x16:
        raise BadFrame("no end of the frame")
    if sum(raw[: 10 + size]) % 256 != raw[10 + size]:
        raise BadFrame("checksum")
    return Frame645(raw[6:0:-1].hex().upper(), raw[8], raw[10 : 10 + size].translate(_UNSHIFT))


def read_request(address: str, data_id: int) -> Frame645:
    """Ask for one data identifier."""
    return Frame645(address, READ, data_id.to_bytes(4, "little"))


def control_request(*, address: str, command: int, password: str, operator: str, valid_until: bytes, units: int = 0) -> Frame645:
    """Command 1C in its plain form; ``password`` is level and six digits, ``valid_until`` six bytes ``ss mm hh DD MM YY``.

    ``units`` of five minutes are how long a limited trip lasts.
    """
    data = bytes.fromhex(password[:2]) + digits(password[2:]) + digits(operator) + bytes((command, units)) + valid_until
    return Frame645(address, CONTROL, data)
