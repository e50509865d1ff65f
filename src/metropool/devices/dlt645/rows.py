"""Measured rows of a DL/T 645 answer: the readable path."""

from metropool.devices import bcd
from metropool.devices.addresses import pack_dlt645
from metropool.devices.dlt645.content import explain_value
from metropool.devices.dlt645.frame import Frame
from metropool.devices.dlt645.status import RELAY_COMMAND_TRIP, RELAY_OPEN
from metropool.devices.fields import FieldReader
from metropool.devices.rows import (
    FORWARD,
    FREEZE_TIME,
    FREEZE_UNDATED,
    MEASURED,
    MISSING,
    NO_TIME,
    REVERSE,
    Row,
    Rows,
    code_at,
    unix_s,
)

READ_ANSWER = 0x91
STATUS_WORD_3 = 0x04000503
CLOCK_ITEMS = (0x04000101, 0x04000102)
FREEZE_INDEX_MAX = 62
_INSTANTANEOUS = {
    0x02010100: "electricity_voltage_a",
    0x02020100: "electricity_current_a",
    0x02030000: "electricity_active_power",
    0x02040000: "electricity_reactive_power",
}
_REGISTERS = {1: FORWARD, 2: REVERSE}


def rows_of(frame: Frame) -> Rows:
    """The values of a whole answer to a read (control 91); anything else is left."""
    found = Rows()
    if frame.control != READ_ANSWER or len(frame.data) < 4 or not frame.address.isdecimal():
        found.left.append(f"control {frame.control:02X}")
        return found
    base = Row(device=pack_dlt645(frame.address), point=0, item=0, at=0, value=0, flag=NO_TIME)
    if not _add_values(found, base, frame):
        found.left.append(f"data identifier {frame.data_id:08X}")
    return found


def _add_values(found: Rows, base: Row, frame: Frame) -> bool:
    data_id, content = frame.data_id, frame.data[4:]
    kind, tariff = data_id >> 16, data_id >> 8 & 0xFF
    if kind in _REGISTERS and data_id & 0xFF == 0 and (tariff == 0xFF or tariff <= 63):
        return _add_registers(found, base, _REGISTERS[kind], content, first=0 if tariff == 0xFF else tariff, block=tariff == 0xFF)
    if data_id >> 8 in {0x050601, 0x050602} and 1 <= data_id & 0xFF <= FREEZE_INDEX_MAX:
        undated = Row(base.device, data_id & 0xFF, 0, 0, 0, flag=FREEZE_UNDATED)
        return _add_registers(found, undated, _REGISTERS[data_id >> 8 & 0xFF], content, first=0, block=True)
    if data_id >> 8 == 0x050600 and 1 <= data_id & 0xFF <= FREEZE_INDEX_MAX and len(content) == 5:
        time = unix_s(bcd.time_of("YYMMDDhhmm", content))
        quality = MISSING if time is None else MEASURED
        found.rows.append(Row(base.device, data_id & 0xFF, 0, 0, time or 0, quality, FREEZE_TIME))
        return True
    if data_id == STATUS_WORD_3 and len(content) == 2:
        found.add(base, "electricity_relay_state", relay_value(int.from_bytes(content, "little")))
        return True
    if data_id in CLOCK_ITEMS:
        found.unmapped += 1
        return True
    return _add_instantaneous(found, base, data_id, content)


def relay_value(word: int) -> int:
    """Relay state of status word 3: bit 0 the relay is open, bit 1 the last command was to trip; they differ while it waits."""
    return (1 if word & RELAY_OPEN else 0) | (2 if word & RELAY_COMMAND_TRIP else 0)


def _add_registers(found: Rows, base: Row, codes: tuple[str, ...], content: bytes, *, first: int, block: bool) -> bool:
    if len(content) % 4 or not content or (not block and len(content) != 4):
        return False
    for index in range(len(content) // 4):
        number = bcd.decimal(content[index * 4 : index * 4 + 4], decimals=2)
        found.add(base, code_at(codes, first + index), number)
    return True


def _add_instantaneous(found: Rows, base: Row, data_id: int, content: bytes) -> bool:
    code = _INSTANTANEOUS.get(data_id)
    if code is None:
        return False
    told = explain_value(FieldReader(plain=content, wire=content), data_id, generation=2007)
    if "raw" not in told and told.get("invalid"):
        return False
    found.add(base, code, told["value"])
    return True
