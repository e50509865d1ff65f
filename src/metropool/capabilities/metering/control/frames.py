"""The tasks of a command: the meter's own frame, made here where the passwords are, and the reads that show what it did."""

from datetime import UTC, datetime
from typing import Any, Literal

from metropool.capabilities.metering.control import limiting
from metropool.capabilities.metering.control.devices import Device
from metropool.capabilities.metering.control.model import state_item
from metropool.capabilities.metering.frontend.tasks import Forward, Read
from metropool.core.errors import Invalid
from metropool.devices.cjt188 import requests as cjt188
from metropool.devices.cjt188.frame import encode_frame as encode_cjt188
from metropool.devices.dlt645 import requests as dlt645
from metropool.devices.dlt645.frame import Frame
from metropool.devices.dlt645.frame import encode_frame as encode_dlt645
from metropool.facts.commands import Command

ON_DEMAND = 3
READ_PATIENCE_MS = 120_000
_RELAY: dict[str, dlt645.Command] = {"disconnect": "trip", "reconnect": "close"}
_VALVE: dict[str, Literal["open", "closed"]] = {"open_valve": "open", "close_valve": "closed"}


def task_of(command: Command, *, device: Device, now_ms: int) -> Forward | Read:
    """What to have the front end do for a command.

    Raises:
        Invalid: The device cannot do this, or the registry lacks its password.
    """
    if command.kind == "read_on_demand":
        return read_of(device, item=command.item or state_item(device.service), id=command.id, expires_at=command.expires_at)
    is_limit = command.kind == limiting.KIND
    expires_at = limiting.valid_until(command, sent_at=now_ms) if is_limit else command.expires_at
    frame = _frame(command, device, expires_at)
    return Forward(id=command.id, terminal=device.terminal, expires_at=expires_at, meter=device.number, frame=frame)


def read_back_of(command: Command, *, device: Device, now_ms: int) -> Read:
    """The read that shows whether supply is on."""
    return read_of(device, item=state_item(device.service), id=f"{command.id}-{now_ms}", expires_at=now_ms + READ_PATIENCE_MS)


def read_of(device: Device, *, item: int, id: str, expires_at: int) -> Read:
    """Read the present value of an item from the meter itself."""
    return Read(id=id, terminal=device.terminal, expires_at=expires_at, item=item, meters=[device.number], origin=ON_DEMAND)


def _frame(command: Command, device: Device, expires_at: int) -> bytes:
    if device.protocol == "dlt645" and command.kind in {*_RELAY, limiting.KIND}:
        return encode_dlt645(_relay_order(command, device, datetime.fromtimestamp(expires_at / 1000, UTC)), preamble=4)
    if device.protocol == "cjt188" and command.kind in _VALVE:
        kind = int(str(device.settings.get("meter_type", "10")), 16)
        order = cjt188.set_valve(address=device.address, meter_type=kind, serial=1, to=_VALVE[command.kind])
        return encode_cjt188(order)
    raise Invalid(f"a {device.protocol} meter cannot {command.kind}")


def _relay_order(command: Command, device: Device, valid_until: datetime) -> Frame:
    address, authority = device.address, authority_of(device.settings)
    if command.kind != limiting.KIND:
        kind = _RELAY[command.kind]
        return dlt645.control(address=address, command=kind, authority=authority, valid_until=valid_until)
    minutes = command.minutes or 0
    return dlt645.limited_trip(address=address, minutes=minutes, authority=authority, valid_until=valid_until)


def authority_of(settings: dict[str, Any]) -> dlt645.PlainAuthority:
    """Who orders, as the registry has it.

    Raises:
        Invalid: It has no password for the meter.
    """
    given = settings.get("password")
    if not isinstance(given, dict | str):
        raise Invalid("the registry has no password for this meter")
    level, digits = (given.get("level", 2), given.get("digits", "")) if isinstance(given, dict) else (int(given[:2]), given[2:])
    return dlt645.PlainAuthority(level=int(level), password=str(digits), operator=str(settings.get("operator", "00000001")))
