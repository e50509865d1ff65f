"""Time-of-use periods of a day: which of a tariff's periods each interval belongs to."""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from metropool.capabilities.billing.tariffs.schema import Calendar, DayRule
from metropool.core.errors import Invalid

_BAND = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_MINUTES = 1440


def periods_of(calendar: Calendar) -> list[str]:
    """The periods of a calendar, ``otherwise`` last unless a band names it."""
    named = [period for rule in calendar.rules for period in rule.bands]
    return list(dict.fromkeys([*named, calendar.otherwise]))


def minutes_of_band(band: str) -> tuple[int, int]:
    """First minute and the minute after the last of ``10:00-12:00``.

    Raises:
        Invalid: Not of that form, or empty; a band over midnight is written as two.
    """
    match = _BAND.fullmatch(band)
    if match is None:
        raise Invalid(f"{band!r} is not a band of the day")
    hours = [int(group) for group in match.groups()]
    first, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if not first < end <= _MINUTES:
        raise Invalid(f"the band {band!r} does not end after it starts; write one over midnight as two")
    return first, end


def band_of_day(
    calendar: Calendar,
    day: date,
    *,
    start: int,
    interval_s: int,
    count: int,
    zone: ZoneInfo,
    day_sets: Mapping[str, Collection[date]],
) -> NDArray[np.int8]:
    """The period of each interval of a day, as positions in ``periods_of(calendar)``, shape (count,).

    Args:
        calendar: The calendar of the tariff version.
        day: The business day, which decides the rule.
        start: Start of the first interval [Unix s].
        interval_s: Length of an interval [s].
        count: How many intervals; 92 or 100 quarter hours where the zone changes its clocks that day.
        zone: Zone of the tariff.
        day_sets: Days of the named sets.

    Raises:
        Invalid: An interval lies across the edge of a period: its energy cannot be told apart.
    """
    minutes = _minute_periods(calendar, _rule_of(calendar, day, day_sets))
    within = np.arange(max(interval_s // 60, 1))
    inside = minutes[(_local_minutes(start, interval_s, count, zone)[:, None] + within) % _MINUTES]
    if count and not (inside == inside[:, :1]).all():
        raise Invalid(f"intervals of {interval_s} s lie across the edges of the periods of {calendar.id}")
    return inside[:, 0] if count else np.zeros(0, np.int8)


def _rule_of(calendar: Calendar, day: date, day_sets: Mapping[str, Collection[date]]) -> DayRule:
    for rule in calendar.rules:
        when = rule.when
        in_month = not when.months or day.month in when.months
        on_weekday = not when.weekdays or day.isoweekday() in when.weekdays
        in_set = not when.day_set or day in day_sets.get(when.day_set, ())
        if in_month and on_weekday and in_set:
            return rule
    raise AssertionError(f"{calendar.id}: the loader checked that the last rule holds on every day")


def _minute_periods(calendar: Calendar, rule: DayRule) -> NDArray[np.int8]:
    periods = periods_of(calendar)
    minutes = np.full(_MINUTES, periods.index(calendar.otherwise), np.int8)
    for period, bands in rule.bands.items():
        _paint(minutes, bands, periods.index(period))
    return minutes


def _paint(minutes: NDArray[np.int8], bands: Iterable[str], position: int) -> None:
    for band in bands:
        first, end = minutes_of_band(band)
        minutes[first:end] = position


def _local_minutes(start_s: int, interval_s: int, count: int, zone: ZoneInfo) -> NDArray[np.int64]:
    """Minute of the local day at which each interval begins, shape (count,); it jumps where the zone changes its clocks."""
    instants = start_s + np.arange(count, dtype=np.int64) * interval_s
    if not count or _offset_s(start_s, zone) == _offset_s(int(instants[-1]), zone):
        offsets: NDArray[np.int64] | int = _offset_s(start_s, zone)
    else:
        offsets = np.array([_offset_s(instant, zone) for instant in instants.tolist()])
    minutes: NDArray[np.int64] = (instants + offsets) // 60 % _MINUTES
    return minutes


def _offset_s(instant_s: int, zone: ZoneInfo) -> int:
    local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=instant_s)).astimezone(zone)
    return int((local.utcoffset() or timedelta()).total_seconds())
