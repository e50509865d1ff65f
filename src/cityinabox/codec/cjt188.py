"""CJ/T 188 frames: water, gas and heat meters.

Source: CJ/T 188-2004 and -2018 as described by public implementations; frame ``68 T A0..A6 C L DATA CS 16``, no shift.
"""

from dataclasses import dataclass

from cityinabox.codec.bcd import BadFrame, digits

READ, READ_ADDRESS, WRITE = 0x01, 0x03, 0x04
ANSWER, ABNORMAL = 0x80, 0x40
METERING, VALVE, ADDRESS = 0x901F, 0xA017, 0x810A
VALVE_OPEN, VALVE_CLOSE = 0x55, 0x99
CUBIC_METRE, KILOWATT_HOUR, KILOWATT, CUBIC_METRE_AN_HOUR = 0x2C, 0x05, 0x17, 0x35
KNOWN = frozenset({METERING, VALVE, ADDRESS, 0xA011, 0xA015, 0x8103, *range(0xD120, 0xD12C)})


@dataclass(frozen=True)
class Frame188:
    """One frame: meter type, address of 14 digits, control, data identifier, serial number, content.

    ``high_first`` tells the order of the identifier on the wire: both are in use, a meter answers in the order it was asked.
    """

    kind: int
    address: str
    control: int
    data_id: int
    serial: int
    content: bytes = b""
    high_first: bool = False

    def encode(self) -> bytes:
        """The bytes on the wire, without preamble."""
        identifier = self.data_id.to_bytes(2, "big" if self.high_first else "little")
        data = self.serial.to_bytes(1, "big") + self.content
        data = data if self.control & ABNORMAL else identifier + data
        body = bytes((0x68, self.kind)) + digits(self.address) + bytes((self.control, len(data))) + data
        return body + bytes((sum(body) % 256, 0x16))


def decode(raw: bytes) -> Frame188:
    """The first frame of ``raw``; preamble bytes before it are skipped.

    Raises:
        BadFrame: Start, length, checksum or end is wrong, or the identifier is missing.
    """
    raw = raw.lstrip(b"\xfe")
    if len(raw) < 13 or raw[0] != 0x68:
        raise BadFrame("no start of a frame")
    size = raw[10]
    if size > 0x64 or len(raw) < 13 + size or raw[12 + size] != 0x16:
        raise BadFrame("no end of the frame")
    if sum(raw[: 11 + size]) % 256 != raw[11 + size]:
        raise BadFrame("checksum")
    address, control, data = raw[8:1:-1].hex().upper(), raw[9], raw[11 : 11 + size]
    if control & ABNORMAL:
        return Frame188(raw[1], address, control, 0, data[0] if data else 0, data[1:])
    if size < 2:
        raise BadFrame("no data identifier")
    high_first = int.from_bytes(data[:2], "big") in KNOWN
    data_id = int.from_bytes(data[:2], "big" if high_first else "little")
    return Frame188(raw[1], address, control, data_id, data[2] if size > 2 else 0, data[3:], high_first)
