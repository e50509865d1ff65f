"""Periods and the business calendar. Periods are half-open, ``[start, end)``; instants are UTC; days are Asia/Shanghai."""

from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from metropool.core.errors import Invalid

BUSINESS_ZONE = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """A half-open stretch of time, ``start <= t < end``."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise Invalid("a period needs instants with a time zone")
        if self.end < self.start:
            raise Invalid(f"a period cannot end ({self.end}) before it starts ({self.start})")

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end

    @property
    def seconds(self) -> int:
        """Length [s]."""
        return int((self.end - self.start).total_seconds())


def in_utc(instant: datetime) -> datetime:
    """An instant, with whatever offset it was written, in UTC.

    Raises:
        ValueError: It has no offset, or lies so far off that not every zone could show it.
    """
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no offset from UTC")
    if not MINYEAR < instant.year < MAXYEAR:
        raise ValueError(f"{instant} is no instant of business")
    return instant.astimezone(UTC)


def instant_text(instant: datetime) -> str:
    """An instant as it is kept: texts of earlier ones are less than those of later ones.

    Raises:
        ValueError: As for ``in_utc``.
    """
    return in_utc(instant).isoformat()


def business_date(instant: datetime, zone: ZoneInfo = BUSINESS_ZONE) -> date:
    """The business day an instant falls in."""
    return instant.astimezone(zone).date()


def day_period(day: date, zone: ZoneInfo = BUSINESS_ZONE) -> Period:
    """The business day as instants in UTC; 23 or 25 hours where the zone changes its clocks."""
    return Period(start=_midnight(day, zone), end=_midnight(day + DAY, zone))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
