"""The registry as pages need it, made once for each state of the registry: meters side by side, and what lies in which area."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from metropool.capabilities.metering.collection.adapters.terminals import link_address
from metropool.capabilities.metering.queries.adapters.registry_rows import RegistryRows
from metropool.capabilities.metering.queries.outlines import outline_around
from metropool.core.errors import Invalid, NotFound
from metropool.core.quantities import reading_types_by_id
from metropool.storage.units import UnitContext

Ints = NDArray[np.int64]
NONE = -1
SUPPLY = "supply"
"""Role of a usage point at which the network feeds an area in."""


@dataclass(frozen=True)
class Place:
    """A place or a node of a network; ``parent`` is what it lies in, or for a node what feeds it."""

    id: str
    kind: str
    parent: str | None
    zh: str
    en: str
    lon: float | None
    lat: float | None
    outline: Any
    address: str


@dataclass(frozen=True)
class Served:
    """A usage point that a meter served, from when to when [Unix s]."""

    usage_point: str
    number: int
    role: str
    place: str
    node: str | None
    multiplier: str
    valid_from: int
    valid_to: int | None


@dataclass(frozen=True)
class MeterFact:
    """A meter of the registry; ``terminal`` keeps its link (itself, when it is alone on one), ``node`` supplies it."""

    id: str
    number: str
    service: str
    model: str
    protocol: str
    terminal: str
    place: str | None
    node: str | None
    can_switch: bool
    served: tuple[Served, ...]

    @property
    def now(self) -> Served | None:
        """What it serves now."""
        return next((one for one in reversed(self.served) if one.valid_to is None), None)


@dataclass(frozen=True)
class TerminalFact:
    """An acquisition terminal; ``number`` is the device number of its link."""

    id: str
    address: str
    number: int
    kind: str
    protocol: str
    node: str | None
    place: str | None


@dataclass(frozen=True)
class City:
    """The registry of one system. Arrays over meters have shape (M,), over channel numbers (C,).

    Attributes:
        places: Places and nodes by id; a node's ``parent`` is the node that feeds it.
        meters, terminals: In order of their ids.
        meter_of: Index of the meter of each channel number, NONE where there is none.
        item_of: Reading type of each channel number, NONE where there is none.
        terminal_of: Index of the terminal of each meter, NONE where it is not known.
        members: Indexes of the meters in each area: district, community, building, home, transformer, feeder, zone.
    """

    fingerprint: str
    places: Mapping[str, Place]
    feeds: Sequence[tuple[str, str]]
    meters: tuple[MeterFact, ...]
    terminals: tuple[TerminalFact, ...]
    meter_of: Ints
    item_of: Ints
    terminal_of: Ints
    members: Mapping[str, Ints] = field(repr=False)

    @cached_property
    def meter_at(self) -> Mapping[str, int]:
        """Index of each meter by its id."""
        return {meter.id: i for i, meter in enumerate(self.meters)}

    @cached_property
    def terminal_at(self) -> Mapping[str, int]:
        """Index of each terminal by its id."""
        return {terminal.id: i for i, terminal in enumerate(self.terminals)}

    @cached_property
    def services(self) -> NDArray[np.str_]:
        """Service of each meter."""
        return np.array([meter.service for meter in self.meters], dtype=np.str_)

    @cached_property
    def is_supply(self) -> NDArray[np.bool_]:
        """Meters at which the network feeds an area in (台区总表): what they count is used behind other meters."""
        return np.array([any(one.role == SUPPLY for one in meter.served) for meter in self.meters], dtype=np.bool_)

    @cached_property
    def channels(self) -> Ints:
        """Numbers of the channels that meters have, ascending."""
        return np.flatnonzero(self.meter_of >= 0)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """What a search looks in, a meter each."""
        return tuple(f"{m.id} {m.number} {self.address(m)} {m.now.usage_point if m.now else ''}".lower() for m in self.meters)

    @cached_property
    def _outlines(self) -> dict[str, Any]:
        return {}

    def outline(self, area: str) -> Any:
        """Boundary of an area as GeoJSON: its own, or one drawn around its meters; None where it is nowhere."""
        if area not in self._outlines:
            around = outline_around(area, places=self.places, members=self.members, meters=self.meters)
            self._outlines[area] = self.places[area].outline or around
        return self._outlines[area]

    def index(self, meter: str) -> int:
        """Index of a meter.

        Raises:
            NotFound: There is none of that id.
        """
        if meter not in self.meter_at:
            raise NotFound(f"no meter {meter}")
        return self.meter_at[meter]

    def address(self, meter: MeterFact) -> str:
        """Where a meter hangs, as people say it."""
        found = self.places.get(meter.place or "")
        return (found.address or found.zh) if found else ""

    def area_of(self, meter: MeterFact) -> Place | None:
        """The supply area of a meter (台区), or else the community it hangs in."""
        if meter.node in self.places:
            return self.places[str(meter.node)]
        return next((place for place in self.chain(meter.place) if place.kind == "community"), None)

    def chain(self, start: str | None) -> list[Place]:
        """A place and what it lies in, innermost first; for a node what feeds it."""
        path: list[Place] = []
        while start is not None and start in self.places and len(path) < 16:
            path.append(self.places[start])
            start = path[-1].parent
        return path

    def in_area(self, area: str | None) -> Ints:
        """Indexes of the meters in an area; of all without one."""
        return np.arange(len(self.meters)) if area is None else self.members.get(area, np.zeros(0, np.int64))


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
    parents = {row.id: row.parent for row in devices}
    services, writable = _of_channels(channels)
    served = _served(rows)
    meters = tuple(
        _meter(row, services[row.id], served.get(row.id, ()), _top(row.id, parents), row.id in writable)
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


def _meter(row: Any, service: str, served: tuple[Served, ...], terminal: str, can_switch: bool) -> MeterFact:
    last = served[-1] if served else None
    return MeterFact(
        id=row.id,
        number=row.serial,
        service=service,
        model=row.model,
        protocol=row.protocol,
        terminal=terminal,
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
