"""Measured rows of a 376.1 frame: the readable path, which also takes what the kernel leaves.

Times: a daily or monthly freeze is of the end of its label day or month; a curve point is of ``start + k x density``,
as stamped by the device; a current value is of the terminal's time of reading.
"""

from metropool.core.errors import Invalid
from metropool.devices import bcd
from metropool.devices.addresses import pack_terminal
from metropool.devices.cjt188 import frame as cjt188_frames
from metropool.devices.cjt188 import rows as cjt188_rows
from metropool.devices.dlt645 import frame as dlt645_frames
from metropool.devices.dlt645 import rows as dlt645_rows
from metropool.devices.fields import Explained, FieldReader
from metropool.devices.gdw1376.addressing import ALL_POINTS
from metropool.devices.gdw1376.frame import Frame
from metropool.devices.gdw1376.units import Unit, read_units
from metropool.devices.rows import CLOCK_BAD, FORWARD, MONTHLY, REVERSE, Row, Rows, code_at, unix_s

QUERY, CURRENT, HISTORY, FORWARDING = 0x0A, 0x0C, 0x0D, 0x10
STEP_S = {1: 900, 2: 1800, 3: 3600, 254: 300, 255: 60}
CURVES = {
    81: "electricity_active_power",
    85: "electricity_reactive_power",
    89: "electricity_voltage_a",
    92: "electricity_current_a",
    97: "electricity_forward_energy",
    99: "electricity_reverse_energy",
    101: "electricity_forward_profile_register",
}
_NONE: tuple[str, ...] = ()
_ANSWERED = {(CURRENT, 2), (QUERY, 10)}
"""Answers of a terminal about itself, read by whoever asked: its clock, its archive."""

# Active registers by (AFN, Fn): the rest of their content has no reading type.
_ACTIVE = {
    (CURRENT, 33): FORWARD,
    (CURRENT, 34): REVERSE,
    (CURRENT, 129): FORWARD,
    (CURRENT, 131): REVERSE,
    (HISTORY, 1): FORWARD,
    (HISTORY, 2): REVERSE,
    (HISTORY, 161): FORWARD,
    (HISTORY, 163): REVERSE,
    (HISTORY, 177): MONTHLY,
}
_FREEZES = (1, 2, *range(161, 169), *range(177, 185))
_READABLE = {(CURRENT, fn) for fn in (33, 34, *range(129, 137))} | {(HISTORY, fn) for fn in _FREEZES}
_REGISTER_KEYS = ("active_kwh", "reactive_kvarh", "qa_kvarh", "qb_kvarh")
_F25 = {
    "active_kw": "electricity_active_power",
    "reactive_kvar": "electricity_reactive_power",
    "power_factor": None,
    "voltage_v": "electricity_voltage_a",
    "current_a": "electricity_current_a",
    "apparent_kva": None,
}


def rows_of(frame: Frame) -> Rows:
    """All values of a frame from a terminal; ``left`` names what is not made into rows."""
    found = Rows()
    if not frame.from_terminal:
        found.left.append("from the master")
        return found
    units = read_units(frame, FieldReader(plain=frame.units, wire=frame.units))
    for unit in units.units:
        reason = _add_unit(found, frame, unit)
        if reason:
            found.left.append(f"F{unit.function}: {reason}")
    if units.raw or units.unknown or not units.units:
        found.left.append(f"{len(units.raw)} bytes not understood")
    return found


def _add_unit(found: Rows, frame: Frame, unit: Unit) -> str:
    """Add one unit's values; why not, when not."""
    key = (frame.afn, unit.function)
    if key == (FORWARDING, 1):
        return _add_forwarded(found, str(unit.content["inner"]))
    if not frame.region.isdecimal() or unit.point == ALL_POINTS:
        return "no such terminal or point"
    device = pack_terminal(region=frame.region, terminal=frame.terminal)
    if key in _READABLE:
        return _add_registers(found, Row(device, unit.point, 0, 0, 0), unit.content, _ACTIVE.get(key, _NONE))
    if key == (CURRENT, 25):
        return _add_current(found, _at_reading(device, unit), unit.content)
    if frame.afn == HISTORY and "values" in unit.content:
        return _add_curve(found, Row(device, unit.point, 0, 0, 0), unit.content, CURVES.get(unit.function))
    found.unmapped += key in _ANSWERED
    return "" if key in _ANSWERED else "no reading types for it"


def _at_reading(device: int, unit: Unit) -> Row:
    time = unix_s(unit.content["read_time"])
    return Row(device, unit.point, 0, time or 0, 0, flag=0 if time is not None else CLOCK_BAD)


def _add_registers(found: Rows, base: Row, content: Explained, active: tuple[str, ...]) -> str:
    if "td" in content:
        label = content["td"]
        if not isinstance(label, str):
            return "no date label"
        ends = bcd.day_after(label) if len(label) == len("2026-07-01") else bcd.month_after(label)
        row = Row(base.device, base.point, 0, unix_s(ends) or 0, 0)
    else:
        row = _at_reading(base.device, Unit(base.point, 0, content))
    for key in _REGISTER_KEYS:
        values = content.get(key, [])
        for index, value in enumerate(values if isinstance(values, list) else []):
            found.add(row, code_at(active, index) if key == "active_kwh" else None, value)
    return ""


def _add_current(found: Rows, row: Row, content: Explained) -> str:
    for key, code in _F25.items():
        values = content[key]
        for index, value in enumerate(values if isinstance(values, list) else []):
            found.add(row, code if index == 0 else None, value)
    return ""


def _add_curve(found: Rows, base: Row, content: Explained, code: str | None) -> str:
    start, density, values = unix_s(content["td_c"]), content["density"], content["values"]
    if not isinstance(values, list) or not isinstance(density, int) or start is None:
        return "no start of the curve"
    step = STEP_S.get(density, 0)
    if step == 0 and (density != 0 or len(values) > 1):
        return "unknown density"
    for index, value in enumerate(values):
        found.add(Row(base.device, base.point, 0, start + index * step, 0), code, value)
    return ""


def _add_forwarded(found: Rows, inner: str) -> str:
    """The values of a forwarded meter answer."""
    raw = bytes.fromhex(inner)
    try:
        told = dlt645_rows.rows_of(dlt645_frames.decode_frame(raw))
    except Invalid:
        try:
            told = cjt188_rows.rows_of(cjt188_frames.decode_frame(raw))
        except Invalid as cause:
            return f"meter frame refused: {cause.what}"
    found.rows += told.rows
    found.unmapped += told.unmapped
    return "; ".join(told.left)
