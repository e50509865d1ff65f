"""Metering data of CJ/T 188: which layout an answer has, and its numbers with their units."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from metropool.devices import bcd
from metropool.devices.cjt188 import items
from metropool.devices.cjt188.items import Quantity
from metropool.devices.fields import Explained, FieldReader, hex_text

TIME, STATUS = 7, 2


@dataclass(frozen=True)
class Layout:
    """The quantities of an answer in wire order; where their unit bytes stand; whether a time follows."""

    quantities: tuple[Quantity, ...]
    unit_first: bool = False
    has_units: bool = True
    has_time: bool = True

    @property
    def size(self) -> int:
        """Bytes up to and including ST."""
        units = sum(1 for quantity in self.quantities if quantity.unit_key) if self.has_units else 0
        return sum(quantity.width for quantity in self.quantities) + units + (TIME if self.has_time else 0) + STATUS


LAYOUTS = (
    Layout(items.WATER_AND_GAS),
    Layout(items.WATER_AND_GAS, unit_first=True),
    Layout((items.CURRENT_VOLUME,), has_units=False, has_time=False),
    Layout(items.HEAT_2E),
    Layout(items.HEAT_2E, unit_first=True),
    Layout(items.HEAT_2018),
)


def find_layout(content: bytes) -> Layout | None:
    """The layout whose length fits and whose unit bytes are units of their quantity; the first that fits by length else."""
    fitting = [layout for layout in LAYOUTS if layout.size == len(content)]
    return next((layout for layout in fitting if _units_fit(layout, content)), fitting[0] if fitting else None)


def scaled(raw: bytes, quantity: Quantity, unit_code: int | None) -> Decimal | None:
    """The number times the factor of its unit, in the unit of that name; None when not decimal or the unit is unknown."""
    value = bcd.decimal(raw, decimals=quantity.decimals)
    if value is None or unit_code is None:
        return value
    unit = items.UNITS.get(unit_code)
    return None if unit is None else value * unit.factor


def read_layout(reader: FieldReader, layout: Layout) -> Explained:
    """Read metering data: each quantity and unit, then time and status."""
    found: Explained = {}
    for quantity in layout.quantities:
        found |= read_quantity(reader, quantity, unit_first=layout.unit_first, has_unit=layout.has_units)
    if layout.has_time:
        found |= read_time(reader)
    return found | read_status(reader)


def read_quantity(reader: FieldReader, quantity: Quantity, *, unit_first: bool = False, has_unit: bool = True) -> Explained:
    """One number and its unit byte; an unknown unit rejects the number and keeps its bytes."""
    has_unit = has_unit and bool(quantity.unit_key)
    at = reader.at + (0 if unit_first else quantity.width)
    code = reader.plain[at] if has_unit and at < len(reader.plain) else None
    unit = items.UNITS.get(code) if code is not None else None
    found: Explained = {}
    if unit_first and has_unit:
        found |= _read_unit(reader, quantity)
    shown = f" [{unit.name}]" if unit else ""
    raw = hex_text(reader.plain[reader.at : reader.at + quantity.width])
    value = reader.take(
        quantity.width, quantity.key, quantity.zh + shown, quantity.en + shown, lambda field: scaled(field, quantity, code)
    )
    reader.fields[-1]["value"] = found[quantity.key] = plain_number(value, quantity)
    if value is None:
        found[f"{quantity.key}_raw"] = raw
    if has_unit and not unit_first:
        found |= _read_unit(reader, quantity)
    return found


def read_time(reader: FieldReader) -> Explained:
    """The meter's clock; a clock never set (all zero) or impossible is None and marked."""
    time = reader.take(TIME, "time", "实时时间", "time", clock_of)
    return {"time": time} if time else {"time": None, "clock_bad": True}


def read_status(reader: FieldReader) -> Explained:
    """ST: valve, battery, and the maker's own bits."""
    status = reader.take(STATUS, "status", "状态ST", "status", hex_text)
    first = int(status[:2], 16)
    return {
        "status": status,
        "valve": items.VALVE_STATES[first & 3],
        "battery": "low" if first & 4 else "ok",
        "maker_bits": [f"D{bit}" for bit in range(3, 8) if first >> bit & 1],
    }


def clock_of(raw: bytes) -> str | None:
    """``ss mm hh DD MM YY CC`` as ISO 8601; None when it names no time."""
    if raw[6:] not in {b"\x20"}:
        return None
    return bcd.time_of("YYMMDDhhmmss", raw[:6])


def plain_number(value: Decimal | None, quantity: Quantity) -> int | float | None:
    """A number as JSON has it."""
    if value is None:
        return None
    return float(value) if quantity.decimals else int(value)


def _read_unit(reader: FieldReader, quantity: Quantity) -> Explained:
    code = reader.take(1, quantity.unit_key, f"{quantity.zh}单位", f"unit of {quantity.en}", hex_text)
    unit = items.UNITS.get(int(code, 16))
    found: Explained = {quantity.unit_key: code, f"{quantity.unit_key}_name": unit.name if unit else None}
    return found | ({} if unit else {"invalid": True})


def _units_fit(layout: Layout, content: bytes) -> bool:
    """Every unit byte is a unit its quantity can have."""
    if not layout.has_units:
        return True
    starts = [0]
    for quantity in layout.quantities:
        starts.append(starts[-1] + quantity.width + bool(quantity.unit_key))
    for quantity, (start, end) in zip(layout.quantities, pairwise(starts), strict=True):
        if quantity.unit_key:
            unit = items.UNITS.get(content[start if layout.unit_first else end - 1])
            if unit is None or unit.name not in quantity.units.split():
                return False
    return True
