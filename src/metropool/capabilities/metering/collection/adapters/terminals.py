"""Through which link each device address is reached, from the registry: the topmost device above it keeps the link."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from metropool.capabilities.metering.frontend.tasks import AddressBook, Terminal
from metropool.core.errors import Invalid
from metropool.devices.addresses import pack_dlt645, pack_terminal
from metropool.facts.registry.tables import channel, end_device, installation

_REGION_DIGITS = 4
_FIRST_OF_FILES = 4 << 60
"""Addresses from here on are of channels that only files speak of: no link reaches them."""

_COLUMNS: tuple[ColumnElement[Any], ...] = (
    end_device.c.id,
    end_device.c.parent,
    end_device.c.protocol,
    end_device.c.address,
    end_device.c.settings,
)


def terminals_of(connection: Connection) -> pa.Table:
    """Columns ``address, terminal, device``: the link through which each device address is reached, and whose link it is.

    A meter without a device above it keeps its own link (a transparent one).
    """
    rows = connection.execute(_addresses()).all()
    keepers = _keepers(connection, {row.keeper for row in rows})
    columns = [(row.address, *keepers[row.keeper]) for row in rows if row.keeper in keepers]
    kinds = {"address": pa.int64(), "terminal": pa.int64(), "device": pa.string()}
    values = list(zip(*columns, strict=True)) or [()] * len(kinds)
    return pa.table({name: pa.array(column, kind) for (name, kind), column in zip(kinds.items(), values, strict=True)})


def address_book(connection: Connection, *, heartbeat_s: int) -> AddressBook:
    """Every device that keeps a link of its own, for the front end.

    Args:
        connection: A unit or snapshot.
        heartbeat_s: Period terminals were set to [s of the machine], where the registry does not say.
    """
    rows = connection.execute(select(*_COLUMNS).where(end_device.c.parent.is_(None))).all()
    return AddressBook(terminals=[found for row in rows if (found := _terminal(row, heartbeat_s)) is not None])


def link_address(protocol: str, address: str, settings: Mapping[str, Any]) -> int:
    """Device number of what keeps a link.

    Args:
        protocol: ``gdw1376`` or ``dlt645…``.
        address: ``1101-00258`` or ``110100258``, or twelve digits of a meter.
        settings: ``region`` and ``terminal`` go before the address text.

    Raises:
        Invalid: Not an address of that protocol.
    """
    if protocol.startswith("dlt645"):
        return pack_dlt645(address)
    digits = address.replace("-", "")
    number = settings.get("terminal", digits[_REGION_DIGITS:])
    if protocol != "gdw1376" or not str(number).isdecimal():
        raise Invalid(f"{address!r} ({protocol}) is no address of a link")
    return pack_terminal(region=str(settings.get("region", digits[:_REGION_DIGITS])), terminal=int(number))


def _terminal(row: Row[Any], heartbeat_s: int) -> Terminal | None:
    settings = row.settings or {}
    try:
        address = link_address(row.protocol, row.address, settings)
    except Invalid:
        return None
    link: Literal["sealed", "plain"] = "plain" if settings.get("link") == "plain" else "sealed"
    if row.protocol == "gdw1376":
        return Terminal(address=address, heartbeat_s=int(settings.get("heartbeat_s", heartbeat_s)), link=link)
    host, port = str(settings.get("host", "")), int(settings.get("port", 0))
    return Terminal(address=address, kind="transparent", host=host, port=port, link=link) if host and port else None


def _addresses() -> Select[int, str]:
    keeper = func.min(func.coalesce(end_device.c.parent, end_device.c.id)).label("keeper")
    reached = select(channel.c.address, keeper).join(end_device, end_device.c.id == channel.c.device)
    return reached.where(channel.c.address < _FIRST_OF_FILES).group_by(channel.c.address)


def _keepers(connection: Connection, wanted: set[str]) -> Mapping[str, tuple[int, str]]:
    """By device above a meter: address and id of the topmost device, which keeps the link."""
    above = _with_ancestors(connection, wanted)
    found = {}
    for device in wanted & above.keys():
        top = above[_top(device, above)]
        try:
            found[device] = link_address(top.protocol, top.address, top.settings or {}), top.id
        except Invalid:
            continue
    return found


def _with_ancestors(connection: Connection, wanted: set[str]) -> dict[str, Row[Any]]:
    found: dict[str, Row[Any]] = {}
    missing, looked_up = sorted(wanted), set(wanted)
    while missing:
        for start in range(0, len(missing), 500):
            found |= {row.id: row for row in _devices(connection, missing[start : start + 500])}
        missing = sorted({row.parent for row in found.values() if row.parent is not None} - looked_up)
        looked_up.update(missing)
    return found


def _devices(connection: Connection, ids: Sequence[str]) -> Sequence[Row[Any]]:
    rows: Sequence[Row[Any]] = connection.execute(select(*_COLUMNS).where(end_device.c.id.in_(ids))).all()
    return rows


def _top(device: str, above: Mapping[str, Row[Any]]) -> str:
    current, steps = device, 0
    while (parent := above[current].parent) in above and steps < 8:
        current, steps = str(parent), steps + 1
    return current


def frozen_of_installed(connection: Connection, *, items: Sequence[int]) -> pa.Array:
    """Channels of some reading types of devices that serve a usage point by another channel.

    A monthly freeze says again what the register of its device says, so it is installed nowhere and never counted twice.
    """
    serving = select(channel.c.device).join(installation, installation.c.channel == channel.c.id)
    serving = serving.where(installation.c.replaced_by.is_(None), installation.c.valid_to.is_(None))
    query = select(channel.c.id).where(channel.c.reading_type.in_(list(items)), channel.c.device.in_(serving))
    return pa.array(connection.execute(query).scalars().all(), pa.int32())
