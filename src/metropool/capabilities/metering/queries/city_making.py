"""The city made from the tables of the registry, once for each state of the registry."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from metropool.capabilities.metering.collection.adapters.terminals import link_address
from metropool.capabilities.metering.queries.adapters.registry_rows import RegistryRows
from metropool.capabilities.metering.queries.city import NONE, City, Ints, MeterFact, Place, Served, TerminalFact
from metropool.core.errors import Invalid
from metropool.core.quantities import reading_types_by_id
from metropool.storage.units import UnitContext


class CityWork(Protocol):
    """What is needed of a unit of work."""

    @property
    def context(self) -> UnitContext: ...


_CITIES: dict[str, City] = {}
"""By database and system. Derived, so it may be made again at any time."""


def city_of(work: CityWork) -> City:
    """The registry of the unit's system; made anew only when the registry has changed."""
    connection = work.context.connection
    rows = RegistryRows(connection)
    key, fingerprint = f"{connection.engine.url}/{work.context.system}", rows.fingerprint()
    known = _CITIES.get(key)
    if known is None or known.fingerprint != fingerprint:
        known = _CITIES[key] = make_city(rows, fingerprint)
    return known


def make_city(rows: RegistryRows, fingerprint: str) -> City:
    """Put the tables of the registry side by side."""
    devices, channels, feeds = rows.devices(), rows.channels(), [(str(row.from_node), str(row.to_node)) for row in rows.feeds()]
    places = _places(rows, feeds)
    parents, by_id = {row.id: row.parent for row in devices}, {row.id: row for row in devices}
    services, writable = _of_channels(channels)
    served = _served(rows)
    meters = tuple(
        _meter(row, services[row.id], served.get(row.id, ()), by_id[_top(row.id, parents)], row.id in writable)
        for row in devices
        if row.id in services
    )
    tops = {meter.terminal for meter in meters} | {row.id for row in devices if row.kind == "concentrator"}
    at = {meter.id: i for i, meter in enumerate(meters)}
    nodes = {meter.id: meter.node for meter in meters}
    terminals = tuple(found for row in devices if row.id in tops and (found := _terminal(row, nodes)) is not None)
    rank = {terminal.id: i for i, terminal in enumerate(terminals)}
    size = (channels[-1].id + 1) if channels else 0
    numbers = np.array([row.id for row in channels], np.int64)
    return City(
        fingerprint=fingerprint,
        places=places,
        feeds=feeds,
        meters=meters,
        terminals=terminals,
        meter_of=_spread(size, numbers, [at.get(row.device, NONE) for row in channels]),
        item_of=_spread(size, numbers, [row.reading_type for row in channels]),
        terminal_of=np.array([rank.get(meter.terminal, NONE) for meter in meters], np.int64),
        members=_members(places, meters),
    )


def _places(rows: RegistryRows, feeds: Sequence[tuple[str, str]]) -> dict[str, Place]:
    above = {target: source for source, target in feeds}
    return {
        row.id: Place(
            row.id,
            row.kind,
            above.get(row.id, row.parent),
            row.name_zh,
            row.name_en,
            row.lon,
            row.lat,
            row.outline,
            row.address_zh or "",
        )
        for row in rows.places()
    }


def _of_channels(channels: Sequence[Any]) -> tuple[dict[str, str], set[str]]:
    """Service of each device that measures, and the devices with a state that can be switched."""
    kinds = reading_types_by_id()
    services = {row.device: kinds[row.reading_type].service for row in channels if row.reading_type in kinds}
    return services, {row.device for row in channels if row.writable}


def _served(rows: RegistryRows) -> dict[str, tuple[Served, ...]]:
    """What each device served, oldest first."""
    points = {row.number: row for row in rows.usage_points()}
    found: dict[str, list[Served]] = {}
    for row in rows.installations():
        point = points.get(row.usage_point)
        if point is not None:
            where = (point.id, point.number, point.role, point.place, point.network_node)
            found.setdefault(row.device, []).append(Served(*where, row.multiplier, row.valid_from, row.valid_to))
    return {device: tuple(some) for device, some in found.items()}


def _meter(row: Any, service: str, served: tuple[Served, ...], terminal: Any, can_switch: bool) -> MeterFact:
    last = served[-1] if served else None
    return MeterFact(
        id=row.id,
        number=row.serial,
        service=service,
        model=row.model,
        protocol=row.protocol,
        terminal=terminal.id,
        terminal_protocol=terminal.protocol,
        point=row.point,
        place=row.place or (last.place if last else None),
        node=last.node if last else None,
        can_switch=can_switch,
        served=served,
    )


def _terminal(row: Any, nodes: Mapping[str, str | None]) -> TerminalFact | None:
    """A device that keeps a link (a meter may be its own); None where its address is of no link we know."""
    try:
        number = link_address(row.protocol, row.address, row.settings or {})
    except Invalid:
        return None
    kind = row.kind if row.kind != "meter" else "transparent"
    return TerminalFact(row.id, row.address, number, kind, row.protocol, row.network_node or nodes.get(row.id), row.place)


def _top(device: str, parents: Mapping[str, str | None]) -> str:
    for _ in range(8):
        above = parents.get(device)
        if above is None:
            break
        device = above
    return device


def _spread(size: int, numbers: Ints, values: Sequence[int]) -> Ints:
    whole = np.full(size, NONE, np.int64)
    whole[numbers] = np.array(values, np.int64)
    return whole


def _members(places: Mapping[str, Place], meters: Sequence[MeterFact]) -> dict[str, Ints]:
    """Meters by each place they hang in and each node they are supplied through."""
    found: dict[str, list[int]] = {}
    for i, meter in enumerate(meters):
        for start in (meter.place, meter.node):
            current, steps = places.get(start or ""), 0
            while current is not None and steps < 16:
                found.setdefault(current.id, []).append(i)
                current, steps = places.get(current.parent or ""), steps + 1
    return {area: np.unique(np.array(some, np.int64)) for area, some in found.items()}
