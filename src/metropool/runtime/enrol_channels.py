"""Channels of a city file's devices, the addresses their values come under, and the usage points they count for."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from metropool.core.quantities import reading_type
from metropool.devices.addresses import pack_cjt188, pack_dlt645, pack_terminal

Row = dict[str, Any]
INSTALLED = {
    "electricity_forward_register": 86_400,
    "electricity_forward_register_t1": 86_400,
    "electricity_forward_register_t2": 86_400,
    "electricity_forward_register_t3": 86_400,
    "electricity_forward_register_t4": 86_400,
    "electricity_reverse_register": 86_400,
    "electricity_forward_profile_register": 900,
    "water_register": 3600,
    "gas_register": 3600,
    "heat_register": 3600,
}
OWN_ADDRESS = ("electricity_relay_state", "electricity_forward_register", "electricity_voltage_a", "electricity_current_a")
MONTHLY = "electricity_forward_month_register"
"""Installed nowhere: it says again what the register of its device says, and is never counted."""

CJT188 = {
    "water": ("register", "settlement_register", "valve_state"),
    "gas": ("register", "settlement_register", "valve_state"),
    "heat": ("register",),
}
"""What meters of a service tell under their own address."""
REGISTER_DIGITS = 6


def channels_of(devices: Sequence[Row]) -> list[Row]:
    """Every channel with the address its values come under: a terminal's point, or the meter's own."""
    by_id = {row["id"]: row for row in devices}
    rows: list[Row] = []
    for device in devices:
        for code, address, point in _addressed(device, by_id):
            kind = reading_type(code)
            is_register = kind.kind == "register"
            rows.append(
                {
                    "id": len(rows) + 1,
                    "device": device["id"],
                    "reading_type": kind.id,
                    "address": address,
                    "point": point,
                    "digits": REGISTER_DIGITS if is_register else None,
                    "interval_s": INSTALLED.get(code),
                    "writable": code.endswith("_state") and device.get("switches_supply", True),
                }
            )
    return rows


def _addressed(device: Row, by_id: Mapping[str, Row]) -> list[tuple[str, int, int]]:
    service = device.get("service")
    if service == "electricity":
        own = pack_dlt645(device["address"])
        parent = by_id.get(device["parent"] or "")
        if parent is None:
            return [(code, own, 0) for code in (*OWN_ADDRESS, MONTHLY)]
        terminal = pack_terminal(region=parent["region"], terminal=parent["terminal"])
        electric = [code for code in INSTALLED if code.startswith("electricity")]
        through = [(code, terminal, device["point"]) for code in (*electric, "electricity_active_power", MONTHLY)]
        return [*through, *((code, own, 0) for code in OWN_ADDRESS)]
    told = CJT188.get(str(service), ())
    own = pack_cjt188(device["address"], meter_type=int(device["meter_type"], 16)) if told else 0
    return [(f"{service}_{what}", own, 0) for what in told]


def installations_of(city: Mapping[str, Any], channels: Sequence[Row], numbers: Mapping[str, int]) -> list[Row]:
    """Which usage point each counting channel serves; a meter's own address only where no terminal stands before it."""
    given = {row["channel"]: row for row in city["installations"]}
    behind = {row["id"] for row in city["devices"] if row["parent"]}
    codes = {reading_type(code).id: code for code in INSTALLED}
    rows = []
    for number, row in enumerate(channels):
        code = codes.get(row["reading_type"])
        own_twice = row["point"] == 0 and row["device"] in behind and str(code).startswith("electricity")
        fact = given.get(f"{row['device']}/{code}")
        if code is None or own_twice or fact is None:
            continue
        rows.append(
            {
                "id": number + 1,
                "channel": row["id"],
                "usage_point": numbers[fact["usage_point"]],
                "multiplier": fact["multiplier"],
                "valid_from": int(datetime.fromisoformat(fact["valid_from"]).timestamp()),
                "valid_to": None,
                "recorded_at": int(datetime.fromisoformat(fact["valid_from"]).timestamp()),
                "version": 1,
            }
        )
    return rows
