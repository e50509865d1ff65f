"""What a point, a value of it and household meter data on its way are."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class KnownPoint:
    """A point of a place, as its gateway described it; ``sets`` is the item that can be set, if any."""

    point: str
    kind: str
    name_zh: str
    name_en: str
    sets: str | None


@dataclass(frozen=True, kw_only=True)
class PointValue:
    """How an item of a point stands: ``at`` by the gateway's clock, ``heard_at`` by ours [Unix s]."""

    point: str
    item: str
    at: int
    value: int
    quality: int
    heard_at: int


@dataclass(frozen=True, kw_only=True)
class WaitingUsage:
    """A block of household meter data for a place, as it is told, until its gateway has it.

    Attributes:
        known: How much of it is known, see ``known_values``: of two of one version the fuller holds.
    """

    place: str
    usage_point: str
    reading_type: int
    business_date: str
    id: str
    version: int
    known: int
    told: bytes


@dataclass(frozen=True, kw_only=True)
class KeptUsage(WaitingUsage):
    """The same with when its gateway said that it has it [Unix s]; None: not yet."""

    received_at: int | None
