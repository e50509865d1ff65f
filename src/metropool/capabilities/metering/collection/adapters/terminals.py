"""Through which link each device address is reached, from the registry: the nearest device above it that keeps a link."""

from collections.abc import Callable, Mapping

import pyarrow as pa
from sqlalchemy import Connection, Row, Select, func, select

from metropool.capabilities.metering.collection.index import ChannelIndex, index_of
from metropool.facts.registry import Registry
from metropool.facts.registry.tables import channel, end_device

Encode = Callable[[str, str], int]
"""Device address of (protocol, address text): ``devices.addresses``."""


def load_index(*, connection: Connection, registry: Registry, encode: Encode) -> ChannelIndex:
    """The registry's channels and the terminals they are read through, for ``resolve`` and ``gaps``."""
    return index_of(registry.channels(), terminal_of_address=terminals_of(connection, encode))


def terminals_of(connection: Connection, encode: Encode) -> pa.Table:
    """Columns ``address, terminal, device``: the link through which each device address is reached, and whose link it is.

    A meter without a device above it keeps its own link (a transparent one).
    """
    rows = connection.execute(_addresses()).all()
    keepers = _keepers(connection, {row.keeper for row in rows}, encode)
    columns = [(row.address, *keepers[row.keeper]) for row in rows if row.keeper in keepers]
    kinds = {"address": pa.int64(), "terminal": pa.int64(), "device": pa.string()}
    values = list(zip(*columns, strict=True)) or [()] * len(kinds)
    return pa.table({name: pa.array(column, kind) for (name, kind), column in zip(kinds.items(), values, strict=True)})


def _addresses() -> Select[int, str]:
    keeper = func.min(func.coalesce(end_device.c.parent, end_device.c.id)).label("keeper")
    return select(channel.c.address, keeper).join(end_device, end_device.c.id == channel.c.device).group_by(channel.c.address)


def _keepers(connection: Connection, wanted: set[str], encode: Encode) -> Mapping[str, tuple[int, str]]:
    """By device above a meter: address and id of the topmost device, which keeps the link."""
    above = _with_ancestors(connection, wanted)
    tops = {device: _top(device, above) for device in wanted if device in above}
    return {device: (encode(above[top].protocol, above[top].address), top) for device, top in tops.items()}


def _with_ancestors(connection: Connection, wanted: set[str]) -> dict[str, Row[str, str | None, str, str]]:
    c = end_device.c
    found: dict[str, Row[str, str | None, str, str]] = {}
    missing = set(wanted)
    while missing:
        for start in range(0, len(missing), 500):
            part = sorted(missing)[start : start + 500]
            rows = connection.execute(select(c.id, c.parent, c.protocol, c.address).where(c.id.in_(part)))
            found |= {row.id: row for row in rows}
        missing = {row.parent for row in found.values() if row.parent is not None} - found.keys()
    return found


def _top(device: str, above: Mapping[str, Row[str, str | None, str, str]]) -> str:
    current, steps = device, 0
    while (parent := above[current].parent) in above and steps < 8:
        current, steps = str(parent), steps + 1
    return current
