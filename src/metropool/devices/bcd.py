"""Packed decimal fields, low byte first, as all three meter protocols send them; and times made of them."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from metropool.core.errors import Invalid

DEVICE_ZONE = timezone(timedelta(hours=8))  # China Standard Time: the clock of every terminal and meter
_TIME_PARTS = ("YY", "MM", "DD", "hh", "mm", "ss")
_ISO_JOINS = {"YYMM": "-", "MMDD": "-", "DDhh": "T", "hhmm": ":", "mmss": ":"}


def integer(field: bytes, *, signed: bool = False) -> int | None:
    """The number in a field, lowest byte first; None when a nibble is no decimal digit.

    Args:
        field: Bytes as on the wire.
        signed: The top bit of the highest byte is the sign and no part of the number.
    """
    negative = signed and bool(field) and field[-1] & 0x80 != 0
    if negative:
        field = field[:-1] + bytes([field[-1] & 0x7F])
    digits = field[::-1].hex()
    if not digits.isdecimal():
        return None
    return -int(digits) if negative else int(digits)


def decimal(field: bytes, *, decimals: int, signed: bool = False) -> Decimal | None:
    """The number in a field with its decimal places; None when the field holds no number (FF, EE, other nibbles)."""
    if field and field == field[:1] * len(field) and field[0] in {0xFF, 0xEE}:
        return None
    number = integer(field, signed=signed)
    return None if number is None else Decimal(number).scaleb(-decimals)


def encode_integer(number: int, *, width: int, signed: bool = False) -> bytes:
    """A number as ``width`` bytes, lowest first.

    Raises:
        Invalid: It does not fit, or is negative where the field has no sign.
    """
    digits = f"{abs(number):0{width * 2}d}"
    if len(digits) > width * 2 or (number < 0 and not signed) or (signed and digits[0] in "89"):
        raise Invalid(f"{number} does not fit a field of {width} bytes")
    field = bytearray(bytes.fromhex(digits)[::-1])
    if number < 0:
        field[-1] |= 0x80
    return bytes(field)


def digits_of(field: bytes) -> str:
    """The digits of an address field, highest first, wildcard nibbles (A, F) kept: ``201000000012``."""
    return field[::-1].hex().upper()


def encode_digits(digits: str, *, width: int) -> bytes:
    """An address as bytes, lowest first; shorter ones are filled with zeros on the left.

    Raises:
        Invalid: Not hexadecimal digits, or too long.
    """
    try:
        field = bytes.fromhex(digits.zfill(width * 2))[::-1]
    except ValueError as cause:
        raise Invalid(f"{digits!r} is no device address") from cause
    if len(field) != width:
        raise Invalid(f"{digits!r} is longer than {width * 2} digits")
    return field


def time_of(parts: str, field: bytes) -> str | None:
    """A time field as ISO 8601 text, as exact as the field is; None when it names no time.

    Args:
        parts: Its parts from highest to lowest, such as ``YYMMDDhhmm``; the wire has them lowest first. Years are 20YY.
    """
    digits = field[::-1].hex()
    if not digits.isdecimal() or len(digits) != len(parts):
        return None
    found = {parts[i : i + 2]: int(digits[i : i + 2]) for i in range(0, len(parts), 2)}
    try:
        datetime(
            2000 + found.get("YY", 24),
            found.get("MM", 1),
            found.get("DD", 1),
            found.get("hh", 0),
            found.get("mm", 0),
            found.get("ss", 0),
            tzinfo=UTC,
        )
    except ValueError:
        return None
    return _iso_text(found)


def encode_time(parts: str, instant: datetime) -> bytes:
    """An instant as a field in device-local time, lowest part first.

    Raises:
        Invalid: The instant has no time zone, or lies outside 2000-2099.
    """
    if instant.tzinfo is None:
        raise Invalid("a device can be told only an instant with a time zone")
    instant = instant.astimezone(DEVICE_ZONE)
    if instant.year // 100 != 20:
        raise Invalid(f"a device cannot be told the year {instant.year}")
    names = {"YY": instant.year % 100, "MM": instant.month, "DD": instant.day}
    names |= {"hh": instant.hour, "mm": instant.minute, "ss": instant.second}
    return b"".join(encode_integer(names[parts[i : i + 2]], width=1) for i in range(len(parts) - 2, -1, -2))


def day_after(day: str) -> str:
    """The ISO date that follows ``day``."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def month_after(month: str) -> str:
    """The first day of the month that follows ``month``, such as ``2026-11-01`` for ``2026-10``."""
    year, number = (int(part) for part in month.split("-"))
    return date(year + number // 12, number % 12 + 1, 1).isoformat()


def _iso_text(found: dict[str, int]) -> str:
    text, before = "", ""
    for part in _TIME_PARTS:
        if part in found:
            value = f"20{found[part]:02d}" if part == "YY" else f"{found[part]:02d}"
            text += _ISO_JOINS.get(before + part, "") + value
            before = part
    return text
