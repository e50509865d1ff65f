"""The clock of a CJ/T 188 meter: every answer with metering data tells it; A015 sets it, whatever it shows."""

from datetime import datetime

from metropool.devices import bcd
from metropool.devices.cjt188 import values
from metropool.devices.cjt188.frame import Frame
from metropool.devices.cjt188.items import Order, read_order, wire_order
from metropool.devices.cjt188.requests import METERING_DATA, WRITE
from metropool.devices.cjt188.rows import READ_ANSWER
from metropool.devices.fields import FieldReader
from metropool.devices.rows import unix_s

SET_CLOCK = 0xA015
CENTURY = b"\x20"


def clock_shown(frame: Frame) -> int | None:
    """What the meter's clock showed when it answered [Unix s]; None for another answer, or a clock never set."""
    content = frame.data[3:]
    layout = values.find_layout(content)
    is_metering_data = frame.control == READ_ANSWER and read_order(frame.data[:2])[0] == METERING_DATA
    if not is_metering_data or layout is None or not layout.has_time:
        return None
    return unix_s(values.read_layout(FieldReader(plain=content, wire=content), layout)["time"])


def set_clock(*, address: str, meter_type: int, serial: int, time: datetime, order: Order = "le") -> Frame:
    """Set date and time (A015). The answer means accepted: read the metering data to know."""
    content = bcd.encode_time("YYMMDDhhmmss", time) + CENTURY
    data = wire_order(SET_CLOCK, order) + bytes([serial & 0xFF]) + content
    return Frame(meter_type=meter_type, address=address, control=WRITE, data=data)
