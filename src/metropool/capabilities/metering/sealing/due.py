"""When a business day must be sealed, or sealed again."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from metropool.capabilities.metering.sealing.ports import SealingWork
from metropool.core.periods import DAY, business_date, day_period

SETTLES = timedelta(minutes=30)
ESTIMATES = timedelta(hours=12)
TELLS_TODAY = timedelta(hours=1)
LOOKS_AROUND = timedelta(hours=1)
"""How often a day is sealed again because of what came for the days beside it."""


def is_due(*, work: SealingWork, day: date, row: Mapping[str, Any] | None, newest: Mapping[str, int], version: int) -> bool:
    """Whether a business day must be sealed (again).

    Args:
        work: The unit of work.
        day: The day.
        row: What the book of sealed days says of it.
        newest: Newest snapshot that added readings, by business day.
        version: Of the registry.
    """
    closes = day_period(day).end
    if work.now < closes + SETTLES:
        is_today = day == business_date(work.now)
        return is_today and (row is None or (row["snapshot"] < newest[day.isoformat()] and _age(work, row) >= TELLS_TODAY))
    if row is None or row["snapshot"] < newest[day.isoformat()] or row["holes"] < 0:
        return True
    if row["holes"] and not row["is_estimated"] and work.now >= closes + ESTIMATES:
        return True
    if is_behind(day=day, row=row, newest=newest) and _age(work, row) >= LOOKS_AROUND:
        return True
    corrected = work.sealing.corrected_since(row["registry_version"]) if row["registry_version"] < version else None
    return corrected is not None and corrected < closes.timestamp()


def is_behind(*, day: date, row: Mapping[str, Any], newest: Mapping[str, int]) -> bool:
    """Whether readings came that a sealed day has not seen: its own, or some of the days beside it that may close its holes.

    The register at the end of a day is often the first reading of the next, and what was estimated up to it is known then.
    """
    seen, own = row["snapshot"], newest.get(day.isoformat(), 0)
    beside = max(newest.get((day + step).isoformat(), 0) for step in (-DAY, DAY))
    return bool(seen < own or (row["holes"] and seen < beside))


def _age(work: SealingWork, row: Mapping[str, Any]) -> timedelta:
    return work.now - datetime.fromisoformat(row["sealed_at"])
