"""The registry as pages need it: meters side by side, and what lies in which area."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metropool.capabilities.metering.queries.outlines import outline_around
from metropool.core.errors import NotFound

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
    """A meter of the registry; ``terminal`` keeps its link (itself, when alone on one) and calls it ``point``, ``node`` supplies it."""

    id: str
    number: str
    service: str
    model: str
    protocol: str
    terminal: str
    terminal_protocol: str
    point: int
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
