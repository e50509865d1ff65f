"""What operators read: names of keys that data decides, figures, places."""

from datetime import UTC, datetime
from decimal import Decimal

from metropool.capabilities.metering.queries.city import Place
from metropool.core.quantities import ReadingType
from metropool.portal.desks.words import Names, name_in, read_names
from metropool.portal.schemas.basics import Figure, Named, Quality, Text

QUALITIES: tuple[Quality, ...] = ("measured", "estimated", "missing", "not_expected", "suspect", "edited")


def _names() -> Names:
    return read_names("metropool.portal.desks.operator", "operator_names.yaml")


def said(kind: str, key: str, **values: object) -> Text:
    """The name of a key of some kind; the key itself when nobody named it."""
    return name_in(_names(), kind, key, **values)


def effect_of(kind: str, *, service: str, homes: int) -> Text:
    """What a command does to how many homes, by what the meter measures."""
    supply, found = _names()["supplies"][service], _names()["effects"][kind]
    return Text(zh=found["zh"].format(homes=homes, supply=supply["zh"]), en=found["en"].format(homes=homes, supply=supply["en"]))


def names_of(kind: str) -> frozenset[str]:
    """The keys of a kind that have a name."""
    return frozenset(_names()[kind])


def type_name(kind: ReadingType) -> Text:
    """Name of a reading type."""
    return Text(zh=kind.zh or kind.code, en=kind.en or kind.code)


def place_text(place: Place) -> Text:
    """Name of a place."""
    return Text(zh=place.zh, en=place.en)


def named(place: Place | None) -> Named | None:
    """A place by id and name."""
    return Named(id=place.id, name=place_text(place)) if place else None


def moment(at_s: float) -> datetime | None:
    """An instant of Unix seconds; None for 0, which is never."""
    return datetime.fromtimestamp(at_s, UTC) if at_s else None


def moment_ms(at_ms: int | None) -> datetime | None:
    """An instant of Unix milliseconds; None for never."""
    return datetime.fromtimestamp(at_ms / 1000, UTC) if at_ms else None


def nothing(unit: str, reason: Text) -> Figure:
    """A figure that is not known, and why."""
    return Figure(value=None, unit=unit, as_of=None, quality="missing", estimated_share=None, reason=reason)


def amount(value: float | None, unit: str, *, at: datetime | None, reason: Text, whole: bool = True, digits: int = 4) -> Figure:
    """A measured figure, rounded; one that lacks a part is graded missing, one that is not known says why."""
    if value is None:
        return nothing(unit, reason)
    quality: Quality = "measured" if whole else "missing"
    exact = Decimal(str(round(value, digits)))
    return Figure(value=exact, unit=unit, as_of=at, quality=quality, estimated_share=0.0, reason=None)


def reading(kind: ReadingType, *, value: int, at_s: int, quality: int) -> Figure:
    """One reading as it was stored: exact."""
    return Figure(
        value=kind.value(value),
        unit=kind.unit,
        as_of=moment(at_s),
        quality=QUALITIES[quality],
        estimated_share=1.0 if QUALITIES[quality] == "estimated" else 0.0,
    )
