"""Measured rows of a CJ/T 188 answer: the readable path."""

from decimal import Decimal

from metropool.devices.addresses import pack_cjt188
from metropool.devices.cjt188 import items, values
from metropool.devices.cjt188.frame import Frame
from metropool.devices.fields import FieldReader
from metropool.devices.rows import CLOCK_BAD, Row, Rows, unix_s

READ_ANSWER = 0x81
METERING_DATA = 0x901F
WATER, HEAT, GAS = range(0x10, 0x1A), range(0x20, 0x23), 0x30


def rows_of(frame: Frame) -> Rows:
    """The values of an answer with current metering data (901F); anything else is left.

    A short answer without a unit byte is left too: only the device's catalog entry knows its unit.
    """
    found = Rows()
    content = frame.data[3:]
    layout = values.find_layout(content)
    is_metering_data = frame.control == READ_ANSWER and items.read_order(frame.data[:2])[0] == METERING_DATA
    if not is_metering_data or layout is None or not layout.has_units or not frame.address.isdecimal():
        found.left.append(f"control {frame.control:02X}, {len(content)} bytes")
        return found
    told = values.read_layout(FieldReader(plain=content, wire=content), layout)
    time = unix_s(told["time"])
    device = pack_cjt188(frame.address, meter_type=frame.meter_type)
    base = Row(device=device, point=0, item=0, at=time or 0, value=0, flag=0 if time is not None else CLOCK_BAD)
    if not _add(found, base, frame.meter_type, told, content[-2] & 3):
        found.left.append(f"meter type {frame.meter_type:02X} or unit")
    return found


def _add(found: Rows, base: Row, meter_type: int, told: dict[str, object], valve: int) -> bool:
    service = "gas" if meter_type == GAS else "water" if meter_type in WATER else ""
    if meter_type in HEAT and "current_heat" in told:
        factor = items.TO_KWH.get(str(told["current_heat_unit_name"]))
        return _add_scaled(found, base, "heat_register", told["current_heat"], factor)
    if not service or "flow" not in told:
        return False
    flow_factor = items.TO_M3.get(str(told["flow_unit_name"]))
    settlement_factor = items.TO_M3.get(str(told["settlement_unit_name"]))
    if flow_factor is None or settlement_factor is None:
        return False
    _add_scaled(found, base, f"{service}_register", told["flow"], flow_factor)
    _add_scaled(found, base, f"{service}_settlement_register", told["settlement"], settlement_factor)
    found.add(base, f"{service}_valve_state", None if valve == 2 else valve)
    return True


def _add_scaled(found: Rows, base: Row, code: str, number: object, factor: Decimal | None) -> bool:
    if factor is None:
        return False
    found.add(base, code, None if number is None else Decimal(str(number)) * factor)
    return True
