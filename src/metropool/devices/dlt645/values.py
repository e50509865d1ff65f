"""Formats of DL/T 645 values: ``-XXX.XXX``, ``YYMMDDhhmm``, ``ascii`` and so on, as named in items.csv."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from metropool.devices import bcd
from metropool.devices.fields import Explained, hex_text, number_text

WEEKDAYS = 7


@dataclass(frozen=True)
class Part:
    """One value inside an item.

    Attributes:
        key: Its name in the explained frame.
        form: Format: digits such as ``-XX.XXXX`` (``-``: top bit is the sign), a time such as ``YYMMDDhhmm``,
            ``ascii``, ``digits``, ``bits``, ``word``, ``hex``.
        width: Bytes.
    """

    key: str
    form: str
    width: int

    def read(self, raw: bytes) -> object:
        """The value; None when the meter has none or it is not decimal."""
        return reader_of(self.form)(raw)


def parse_part(text: str) -> Part:
    """``value=-XX.XXXX`` or ``model=ascii:10`` as a part."""
    key, _, form = text.partition("=")
    form, _, width = form.partition(":")
    return Part(key=key, form=form, width=int(width) if width else sum(c not in "-." for c in form) // 2)


def number_of(form: str, raw: bytes) -> Decimal | None:
    """A value of a digit format."""
    return bcd.decimal(raw, decimals=len(form.partition(".")[2]), signed=form.startswith("-"))


@cache
def reader_of(form: str) -> Callable[[bytes], object]:
    """The function that reads a format."""
    if "X" in form:
        return lambda raw: plain_number(number_of(form, raw))
    return _NAMED.get(form) or (lambda raw: bcd.time_of(form, raw))


def plain_number(value: Decimal | None) -> int | float | None:
    """A decimal as JSON has it."""
    if value is None:
        return None
    return int(value) if value.as_tuple().exponent == 0 else float(value)


def is_absent(raw: bytes) -> bool:
    """All FF: the meter does not have this quantity."""
    return bool(raw) and raw.count(0xFF) == len(raw)


def _ascii(raw: bytes) -> str | None:
    text = raw[::-1].strip(b"\x00")
    return text.decode("ascii") if all(0x20 <= byte < 0x7F for byte in text) else None


def _digits(raw: bytes) -> str | None:
    digits = bcd.digits_of(raw)
    return digits if digits.isdecimal() else None


def _date_and_weekday(raw: bytes) -> str | None:
    return bcd.time_of("YYMMDD", raw[1:]) if raw[0] < WEEKDAYS else None


def _day_and_hour(raw: bytes) -> str | None:
    return bcd.time_of("DDhh", raw)


def _month_day_number(raw: bytes) -> Explained:
    return {"start": bcd.time_of("MMDD", raw[1:]), "number": bcd.integer(raw[:1])}


def _time_number(raw: bytes) -> Explained:
    return {"start": bcd.time_of("hhmm", raw[1:]), "number": bcd.integer(raw[:1])}


def _date_number(raw: bytes) -> str | None:
    return bcd.time_of("YYMMDD", raw[1:])


_NAMED: dict[str, Callable[[bytes], object]] = {
    "ascii": _ascii,
    "digits": _digits,
    "bits": number_text,
    "word": number_text,
    "hex": hex_text,
    "di": bcd.digits_of,
    "YYMMDDWW": _date_and_weekday,
    "YYMMDDNN": _date_number,
    "DDhh": _day_and_hour,
    "MMDDNN": _month_day_number,
    "hhmmNN": _time_number,
}
