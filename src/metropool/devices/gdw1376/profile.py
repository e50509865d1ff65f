"""The profile of a meter in a 376.1 terminal's archive (终端档案): AFN 04 F10 writes it, AFN 0A F10 reads it back."""

from dataclasses import dataclass, field

from metropool.core.errors import Invalid
from metropool.devices import bcd
from metropool.devices.fields import Explained, FieldReader
from metropool.devices.gdw1376.addressing import POINTS_MAX
from metropool.devices.gdw1376.frame import Frame
from metropool.devices.gdw1376.requests import Link, unit_address
from metropool.devices.gdw1376.units import read_units

SET, QUERY, ARCHIVE = 0x04, 0x0A, 10
DLT645_1997, DLT645_2007 = 1, 30
_SETTINGS = 0x4A
_NO_DIGITS = "0" * 12
_INTEGERS_LEAST, _DECIMALS_LEAST = 4, 1


@dataclass(frozen=True, kw_only=True)
class MeterProfile:
    """One meter as a terminal knows it: a row of its archive, 27 bytes.

    Attributes:
        number: Device number at the terminal, 1-2040: the row's own name.
        point: Measuring point its values are kept under, 1-2040.
        speed: Code of the meter's speed, 0-7; 0 leaves it to the terminal.
        port: Port of the terminal the meter is at, 0-31; 31 is the power line.
        protocol: What the meter speaks: 1 DL/T 645-1997, 30 DL/T 645-2007.
        address: Twelve digits.
        password: Of the meter, twelve digits; zeros where the terminal is told none. Not in the repr.
        tariffs: How many tariff registers it has.
        integers, decimals: Places of a register before and after the point, 4-7 and 1-4.
        collector: Address of what the meter is read through, twelve digits; zeros for nothing.
        customer_class: Class of the customer, as the terminal groups its tasks.
    """

    number: int
    point: int
    speed: int
    port: int
    protocol: int
    address: str
    tariffs: int
    integers: int
    decimals: int
    password: str = field(default=_NO_DIGITS, repr=False)
    collector: str = _NO_DIGITS
    customer_class: int = 0


def write_profile(link: Link, profile: MeterProfile) -> Frame:
    """Write one row of a terminal's archive (AFN 04 F10), with the terminal's password.

    Raises:
        Invalid: A field does not fit.
    """
    units = unit_address(points=(0,), functions=(ARCHIVE,)) + _number(1) + _row(profile)
    return link.frame(control=_SETTINGS, afn=SET, units=units, with_password=True)


def read_profile(link: Link, *, number: int) -> Frame:
    """Ask for the row of one device number (AFN 0A F10).

    Raises:
        Invalid: No device number.
    """
    units = unit_address(points=(0,), functions=(ARCHIVE,)) + _number(1) + _number(_named(number))
    return link.frame(control=_SETTINGS, afn=QUERY, units=units)


def profiles_shown(frame: Frame) -> list[MeterProfile]:
    """The rows an answer tells, which may be none.

    Raises:
        Invalid: Another answer, or a row that is not whole or not of numbers.
    """
    if not frame.from_terminal or frame.afn != QUERY:
        raise Invalid("not an archive")
    found = read_units(frame, FieldReader(plain=frame.units, wire=frame.units))
    rows = [unit.content.get("meters") for unit in found.units if (unit.point, unit.function) == (0, ARCHIVE)]
    if found.raw or not rows or not all(isinstance(some, list) for some in rows):
        raise Invalid("not an archive")
    return [_profile(row) for some in rows if isinstance(some, list) for row in some]


def speed_code(speed_bd: int) -> int:
    """Code of a speed [bit/s] in a row; 0, which leaves it to the terminal, for one that has none."""
    speeds = (600, 1200, 2400, 4800, 7200, 9600, 19200)
    return speeds.index(speed_bd) + 1 if speed_bd in speeds else 0


def _row(profile: MeterProfile) -> bytes:
    one_byte = (profile.protocol, profile.tariffs, profile.customer_class)
    places = profile.integers - _INTEGERS_LEAST, profile.decimals - _DECIMALS_LEAST
    is_kept = 0 <= profile.speed <= 7 and 0 <= profile.port <= 31 and all(0 <= place <= 3 for place in places)
    if not is_kept or not all(0 <= number <= 0xFF for number in one_byte):
        raise Invalid(f"a row of a terminal's archive cannot hold {profile}")
    return (
        _number(_named(profile.number))
        + _number(_named(profile.point))
        + bytes([profile.speed << 5 | profile.port, profile.protocol])
        + bcd.encode_digits(profile.address, width=6)
        + bcd.encode_digits(profile.password, width=6)
        + bytes([profile.tariffs, places[0] << 2 | places[1]])
        + bcd.encode_digits(profile.collector, width=6)
        + bytes([profile.customer_class])
    )


def _profile(row: Explained) -> MeterProfile:
    speed_port, digits = _told(row, "speed_port"), _told(row, "digits")
    return MeterProfile(
        number=_told(row, "device_no"),
        point=_told(row, "point_no"),
        speed=speed_port >> 5,
        port=speed_port & 31,
        protocol=_told(row, "protocol"),
        address=str(row["address"]),
        password=bcd.digits_of(bytes.fromhex(str(row["password"]))),
        tariffs=_told(row, "tariffs"),
        integers=(digits >> 2 & 3) + _INTEGERS_LEAST,
        decimals=(digits & 3) + _DECIMALS_LEAST,
        collector=str(row["collector"]),
        customer_class=_told(row, "customer_class"),
    )


def _told(row: Explained, key: str) -> int:
    value = row[key]
    if not isinstance(value, int):
        raise Invalid(f"{key} of an archive row is no number")
    return value


def _named(number: int) -> int:
    if not 1 <= number <= POINTS_MAX:
        raise Invalid(f"{number} is no device or point of a terminal")
    return number


def _number(number: int) -> bytes:
    return number.to_bytes(2, "little")
