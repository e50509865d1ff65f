"""Rows of a concentrator's archive of meters: AFN 04 F10 sets them, AFN 0A F10 tells them.

``count`` in two bytes, then 27 bytes a row: device number 2, measuring point 2, speed and port 1, protocol 1, address 6,
password 6, tariffs 1, digits 1, collector 6, customer class 1; numbers low byte first.
"""

from dataclasses import dataclass

from cityinabox.codec.bcd import BadFrame, digits, number

SIZE = 27
LARGEST_NUMBER = 2040
PROTOCOLS = frozenset({1, 2, 30, 31})
"""What a terminal can speak to a meter: DL/T 645-1997, AC sampling, DL/T 645-2007, power line."""


@dataclass(frozen=True)
class ArchiveRow:
    """One row as its bytes, and what the terminal goes by: device number, measuring point, twelve digits of the meter."""

    raw: bytes
    device: int
    point: int
    address: str


def row_of(raw: bytes) -> ArchiveRow:
    """Read one row.

    Raises:
        BadFrame: It is no row a terminal can work with.
    """
    device, point = int.from_bytes(raw[:2], "little"), int.from_bytes(raw[2:4], "little")
    if len(raw) != SIZE or not 1 <= device <= LARGEST_NUMBER or not 1 <= point <= LARGEST_NUMBER or raw[5] not in PROTOCOLS:
        raise BadFrame(f"{raw.hex()} is no row of an archive")
    return ArchiveRow(raw, device, point, f"{number(raw[6:12]):012d}")


def rows_of(content: bytes) -> list[ArchiveRow]:
    """Read what AFN 04 F10 sets.

    Raises:
        BadFrame: It is not as many whole rows as it says.
    """
    if len(content) != 2 + SIZE * int.from_bytes(content[:2], "little"):
        raise BadFrame("not as many rows as it says")
    return [row_of(content[at : at + SIZE]) for at in range(2, len(content), SIZE)]


def numbers_of(content: bytes) -> list[int]:
    """The device numbers AFN 0A F10 asks for; none: all of them.

    Raises:
        BadFrame: It is not as many as it says.
    """
    count = int.from_bytes(content[:2], "little")
    if len(content) != (2 + 2 * count if content else 0):
        raise BadFrame("not as many device numbers as it says")
    return [int.from_bytes(content[at : at + 2], "little") for at in range(2, len(content), 2)]


def told(rows: list[ArchiveRow]) -> bytes:
    """What AFN 0A F10 tells."""
    return len(rows).to_bytes(2, "little") + b"".join(row.raw for row in rows)


def factory_row(point: int, address: str) -> bytes:
    """The row of a meter as its terminal came with it: behind the power line at 2400 bit/s, four tariffs, XXXXXX.XX."""
    number_of = point.to_bytes(2, "little")
    return number_of * 2 + bytes((0x7F, 30)) + digits(address) + bytes(6) + b"\x04\x09" + bytes(7)
