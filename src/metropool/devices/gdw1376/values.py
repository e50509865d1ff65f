"""Data formats of Q/GDW 376.1 (A1-A25 and the binary ones), by name as functions.csv uses them."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from metropool.devices import bcd
from metropool.devices.fields import hex_text, number_text

NO_DATA = 0xEE


@dataclass(frozen=True)
class Form:
    """A format: bytes, and how to read them. None: no data (EE), or not decimal."""

    width: int
    read: Callable[[bytes], object]


def is_no_data(raw: bytes) -> bool:
    """All EE: the terminal has no value."""
    return raw.count(NO_DATA) == len(raw)


def _number(width: int, decimals: int, *, signed: bool = False) -> Form:
    def read(raw: bytes) -> int | float | None:
        value = bcd.decimal(raw, decimals=decimals, signed=signed)
        return _plain(value)

    return Form(width, read)


def _plain(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value.as_tuple().exponent == 0 else float(value)


def _time(parts: str) -> Form:
    return Form(len(parts) // 2, lambda raw: bcd.time_of(parts, raw))


def _clock(raw: bytes) -> str | None:
    """A1: the month shares its byte with the weekday (top three bits)."""
    return bcd.time_of("YYMMDDhhmmss", raw[:4] + bytes([raw[4] & 0x1F]) + raw[5:])


def _binary(width: int) -> Form:
    return Form(width, lambda raw: None if width > 1 and is_no_data(raw) else number_text(raw))


def _energy_with_unit(raw: bytes) -> int | None:
    """A3: sign in bit 4 of the highest byte, unit in bit 6 (0 kWh, 1 MWh), seven digits [kWh]."""
    number = bcd.integer(raw[:3] + bytes([raw[3] & 0x0F]))
    if number is None or is_no_data(raw):
        return None
    return number * (1000 if raw[3] & 0x40 else 1) * (-1 if raw[3] & 0x10 else 1)


def _text(raw: bytes) -> str:
    return raw.rstrip(b"\x00").decode("ascii", errors="replace")


def _ip(raw: bytes) -> str:
    return ".".join(str(byte) for byte in raw)


FORMS: dict[str, Form] = {
    "A1": Form(6, _clock),
    "A3": Form(4, _energy_with_unit),
    "A5": _number(2, 1, signed=True),
    "A7": _number(2, 1),
    "A8": _number(2, 0),
    "A9": _number(3, 4, signed=True),
    "A10": _number(3, 0),
    "A11": _number(4, 2),
    "A12": Form(6, bcd.digits_of),
    "A13": _number(4, 4),
    "A14": _number(5, 4),
    "A15": _time("YYMMDDhhmm"),
    "A16": _time("DDhhmmss"),
    "A17": _time("MMDDhhmm"),
    "A18": _time("DDhhmm"),
    "A20": _time("YYMMDD"),
    "A21": _time("YYMM"),
    "A22": _number(1, 1),
    "A23": _number(3, 4),
    "A25": _number(3, 3, signed=True),
    "B1": _binary(1),
    "B2": _binary(2),
    "H1": Form(1, hex_text),
    "H2": Form(2, hex_text),
    "H6": Form(6, hex_text),
    "IP": Form(4, _ip),
    "TEXT16": Form(16, _text),
}
