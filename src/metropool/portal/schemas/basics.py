"""What all answers are made of: texts, instants, exact numbers, figures, series, pages of rows, errors."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from metropool.core.periods import BUSINESS_ZONE, in_utc
from metropool.portal.masking import mask_address, mask_name

T = TypeVar("T")

Service = Literal["electricity", "water", "gas", "heat"]
Quality = Literal["measured", "estimated", "missing", "not_expected", "suspect", "edited"]
Severity = Literal["info", "warning", "critical"]


def show_instant(instant: datetime) -> str:
    """``2026-11-21T08:15:00+08:00``: RFC 3339 with the offset of the business calendar."""
    return instant.astimezone(BUSINESS_ZONE).isoformat(timespec="seconds")


Instant = Annotated[
    AwareDatetime,
    PlainSerializer(show_instant, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
InstantGiven = Annotated[AwareDatetime, AfterValidator(in_utc)]
"""An instant that somebody gives, with whatever offset; UTC from here on."""
Exact = Annotated[
    Decimal,
    PlainSerializer(lambda value: format(value, "f"), return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "decimal"}),
]
Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", examples=["2026-11"])]
PersonName = Annotated[str, AfterValidator(mask_name)]
Address = Annotated[str, AfterValidator(mask_address)]


class Model(BaseModel):
    """An answer: never changed once made."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True, defer_build=True)


class Request(BaseModel):
    """A body a browser sends: unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Text(Model):
    """What a person reads and data decides, in both languages."""

    zh: str
    en: str


class Named(Model):
    """An id with its name."""

    id: str
    name: Text


class Figure(Model):
    """A single number with its unit, age and quality; ``value`` null is "no data", never zero."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "value": "8.4200",
                    "unit": "kWh",
                    "as_of": "2026-11-21T08:15:00+08:00",
                    "quality": "measured",
                    "estimated_share": 0.0,
                    "reason": None,
                }
            ]
        }
    )

    value: Exact | None
    unit: str
    as_of: Instant | None
    quality: Quality
    estimated_share: float | None
    reason: Text | None = None


class Series(Model):
    """A regular column of numbers; null is a hole. ``quality`` null means all measured."""

    unit: str
    start: Instant
    interval_s: int | None
    starts: list[date] | None = None
    values: list[float | None]
    quality: list[int] | None = None
    as_of: Instant | None = None
    estimated_share: float | None = None


class Page(Model, Generic[T]):
    """Some of the rows, and how many there are."""

    rows: list[T]
    page: int
    size: int
    total: int
    as_of: Instant | None = None


class Rows(Model, Generic[T]):
    """All the rows."""

    rows: list[T]


class FaultTold(Model):
    """One thing wrong with an input."""

    where: str
    what_zh: str
    what_en: str


class ErrorTold(Model):
    """What stopped a request, and what to do about it."""

    kind: Literal["unauthenticated", "forbidden", "not_found", "conflict", "invalid", "locked", "unavailable", "internal"]
    key: str
    message_zh: str
    message_en: str
    remedy_zh: str = ""
    remedy_en: str = ""
    faults: list[FaultTold] = []


class ErrorBody(Model):
    """The one shape of every answer that is no success."""

    error: ErrorTold
