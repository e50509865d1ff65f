"""What a master sends to a CJ/T 188 meter."""

from typing import Literal

from metropool.devices.cjt188.frame import WILDCARD_ADDRESS, Frame
from metropool.devices.cjt188.items import CLOSE_VALVE, OPEN_VALVE, VALVE_CONTROL, Order, wire_order

READ, READ_ADDRESS, WRITE = 0x01, 0x03, 0x04
METERING_DATA, ADDRESS = 0x901F, 0x810A
ANY_TYPE = 0xAA


def read(*, address: str, meter_type: int, serial: int, order: Order = "le", data_id: int = METERING_DATA) -> Frame:
    """Ask for a data identifier, the metering data unless told otherwise.

    Args:
        order: Order of the identifier's bytes the meter wants: ``be`` 2004 text, ``le`` 2018 text and many makers.
        serial: SER; the answer repeats it.
    """
    data = wire_order(data_id, order) + bytes([serial & 0xFF])
    return Frame(meter_type=meter_type, address=address, control=READ, data=data)


def set_valve(*, address: str, meter_type: int, serial: int, to: Literal["open", "closed"], order: Order = "le") -> Frame:
    """Open or close the valve. The answer means accepted: read the metering data to know."""
    code = OPEN_VALVE if to == "open" else CLOSE_VALVE
    data = wire_order(VALVE_CONTROL, order) + bytes([serial & 0xFF, code])
    return Frame(meter_type=meter_type, address=address, control=WRITE, data=data)


def read_address(*, serial: int, order: Order = "le", meter_type: int = ANY_TYPE) -> Frame:
    """Ask the one meter on the line for its address."""
    data = wire_order(ADDRESS, order) + bytes([serial & 0xFF])
    return Frame(meter_type=meter_type, address=WILDCARD_ADDRESS, control=READ_ADDRESS, data=data)
