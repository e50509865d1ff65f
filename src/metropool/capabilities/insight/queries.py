"""What insight reads out of its host's books: a home's own curve, at its meter's interval or summed to hours, days, months."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from metropool.capabilities.insight.operations import InsightWork
from metropool.core.errors import NotFound
from metropool.core.periods import business_date
from metropool.core.quantities import ReadingType, reading_types_by_id
from metropool.facts.readings.schemas import Quality
from metropool.facts.registry.tables import usage_point

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Grades = npt.NDArray[np.uint8]
Step = Literal["interval", "hour", "day", "month"]
_OFFSET_S = 28_800
_STEP_S = {"interval": 0, "hour": 3600, "day": 86_400}
_DIRECTION = {"electricity": "electricity_forward", "water": "water_register", "gas": "gas_register", "heat": "heat_register"}


@dataclass(frozen=True)
class Curve:
    """Amounts of a usage point, one an interval.

    Attributes:
        starts: Start of each interval [Unix s], shape (T,).
        length_s: Length of each interval [s], shape (T,).
        values: Amounts [unit], shape (T,); NaN is a hole.
        quality: ``Quality`` of each, shape (T,).
        unit: ``kWh`` or ``m3``.
    """

    starts: Ints
    length_s: Ints
    values: Floats
    quality: Grades
    unit: str

    @property
    def as_of(self) -> datetime | None:
        """End of the newest interval with a value."""
        known = np.flatnonzero(~np.isnan(self.values))
        return datetime.fromtimestamp(int(self.starts[known[-1]] + self.length_s[known[-1]]), UTC) if known.size else None

    @property
    def total(self) -> float | None:
        """Sum of what is known; None when nothing is."""
        return None if np.isnan(self.values).all() else float(np.nansum(self.values))

    @property
    def estimated_share(self) -> float | None:
        """Share of the known amount that is estimated, 0 to 1."""
        total = self.total
        if not total:
            return None if total is None else 0.0
        return float(np.nansum(self.values[self.quality == Quality.ESTIMATED])) / total

    @property
    def worst(self) -> Quality:
        """The worst quality inside; missing when there is nothing."""
        return Quality(int(self.quality.max())) if self.quality.size else Quality.MISSING

    def between(self, start_s: int, end_s: int) -> "Curve":
        """The intervals that start in [start, end)."""
        low, high = np.searchsorted(self.starts, [start_s, end_s])
        return Curve(self.starts[low:high], self.length_s[low:high], self.values[low:high], self.quality[low:high], self.unit)


def curve(*, work: InsightWork, account: str, service: str, first: date, last: date) -> Curve:
    """The finest curve known of one service of a combined account, business days ``first`` to ``last``, both included.

    Raises:
        NotFound: The account has no such service.
    """
    agreements = work.registry.agreements_of(combined_account=account)
    points = work.registry.rows(usage_point, id=[row["usage_point"] for row in agreements], service=service)
    if not points:
        raise NotFound(f"the account {account} has no {service}")
    numbers = [point["number"] for point in points]
    types = [kind.id for kind in reading_types_by_id().values() if kind.code.startswith(_DIRECTION[service])]
    blocks = work.readings.blocks(usage_points=numbers, first=first, last=last, reading_types=types)
    return _joined(blocks, unit="kWh" if service in ("electricity", "heat") else "m3")


def _joined(blocks: pa.Table, *, unit: str) -> Curve:
    """One curve out of the best block of each day: the shortest interval that has a value at all."""
    best: dict[date, tuple[int, int]] = {}
    for row in range(blocks.num_rows):
        kind = reading_types_by_id()[blocks["reading_type"][row].as_py()]
        if "_t" in kind.code and kind.code.rsplit("_t", 1)[-1].isdigit():
            continue
        interval_s, day = blocks["interval_s"][row].as_py(), blocks["business_date"][row].as_py()
        known = blocks["values"][row].values.null_count < len(blocks["values"][row])
        if known and (day not in best or interval_s < best[day][0]):
            best[day] = (interval_s, row)
    parts = [_of_block(blocks, row) for _, row in (best[day] for day in sorted(best))]
    if not parts:
        nothing = np.zeros(0, dtype=np.int64)
        return Curve(nothing, nothing, np.zeros(0), np.zeros(0, dtype=np.uint8), unit)
    starts, lengths, values, quality = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Curve(starts, lengths, values, quality, unit)


def _of_block(blocks: pa.Table, row: int) -> tuple[Ints, Ints, Floats, Grades]:
    amounts = blocks["values"][row].values
    kind = reading_types_by_id()[blocks["reading_type"][row].as_py()]
    interval_s, start = blocks["interval_s"][row].as_py(), blocks["start"][row].as_py()
    values = amounts.to_numpy(zero_copy_only=False).astype(np.float64) * _factor(kind)
    grades = blocks["quality"][row]
    quality = grades.values.to_numpy() if grades.is_valid else np.zeros(len(values), dtype=np.uint8)
    quality = np.where(np.isnan(values), np.uint8(Quality.MISSING), quality)
    starts = start + np.arange(len(values), dtype=np.int64) * interval_s
    return starts, np.full(len(values), interval_s, dtype=np.int64), values, quality.astype(np.uint8)


def _factor(kind: ReadingType) -> float:
    return float(10.0**kind.scale)


def summed(fine: Curve, *, step: Step) -> Curve:
    """A curve summed to hours, business days or months; a sum with a hole inside keeps what is known, graded missing."""
    if step == "interval" or not fine.starts.size:
        return fine
    keys = _months(fine.starts) if step == "month" else _floor(fine.starts, _STEP_S[step])
    starts, first = np.unique(keys, return_index=True)
    known = np.add.reduceat(~np.isnan(fine.values), first)
    values = np.where(known > 0, np.add.reduceat(np.nan_to_num(fine.values), first), np.nan)
    quality = np.maximum.reduceat(fine.quality, first)
    ends = np.append(starts[1:], fine.starts[-1] + fine.length_s[-1])
    return Curve(starts, ends - starts, values, quality, fine.unit)


def _floor(at: Ints, step_s: int) -> Ints:
    """Start of the hour or business day each instant lies in; the business zone keeps one offset all year."""
    return (at + _OFFSET_S) // step_s * step_s - _OFFSET_S


def _months(at: Ints) -> Ints:
    local = (at + _OFFSET_S).astype("datetime64[s]").astype("datetime64[M]")
    return local.astype("datetime64[s]").astype(np.int64) - _OFFSET_S


def base_load(fine: Curve) -> float | None:
    """Median amount per hour between 02:00 and 05:00, what runs when nobody is up; None when nothing is known."""
    local_hour = (fine.starts - _floor(fine.starts, 86_400)) // 3600
    night = (local_hour >= 2) & (local_hour < 5) & ~np.isnan(fine.values) & (fine.length_s <= 3600)
    return float(np.median(fine.values[night] * 3600 / fine.length_s[night])) if night.any() else None


def peak(fine: Curve) -> tuple[float, datetime] | None:
    """The greatest interval as an amount per hour, and when it started; None when nothing is known."""
    if not fine.starts.size or np.isnan(fine.values).all():
        return None
    per_hour = fine.values * 3600 / fine.length_s
    at = int(np.nanargmax(per_hour))
    return float(per_hour[at]), datetime.fromtimestamp(int(fine.starts[at]), UTC)


def days_of_year(*, work: InsightWork, account: str, service: str, year: int) -> list[tuple[date, float | None, Quality]]:
    """Every day of a year until today, its amount, its quality."""
    last = min(date(year, 12, 31), business_date(work.now))
    days = summed(curve(work=work, account=account, service=service, first=date(year, 1, 1), last=last), step="day")
    known = {
        business_date(datetime.fromtimestamp(int(start), UTC)): (None if np.isnan(value) else float(value), Quality(int(grade)))
        for start, value, grade in zip(days.starts, days.values, days.quality, strict=True)
    }
    count = max(0, (last - date(year, 1, 1)).days + 1)
    every = (date(year, 1, 1) + timedelta(days=i) for i in range(count))
    return [(day, *known.get(day, (None, Quality.MISSING))) for day in every]
