"""What is abnormal over an area, decided from columns alone. Pure; ``docs/algorithms/anomalies.md`` gives reasons and limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from metropool.core.quantities import reading_types_by_id
from metropool.exchange.messages import AnomalyKind

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
WEEKS_DAYS = 28
LEAST_DAYS = 7
LEAST_HOMES = 5
"""No less: a smaller area would tell of single homes."""
SHARE = 0.3
USUAL_SHARE = 0.15
SPREADS, CHANGE = 4.0, 0.5
"""A mean is abnormal that is farther from the usual than four spreads (of normal days) and than half of it."""

MEANS = {
    "electricity": "electricity_forward_register",
    "water": "water_register",
    "gas": "gas_register",
    "heat": "heat_register",
}
"""Service to the register whose daily amounts are looked at."""

AREA_DAY = pa.schema(
    [
        ("area", pa.string()),
        ("service", pa.string()),
        ("business_date", pa.date32()),
        ("homes", pa.int64()),
        ("known", pa.int64()),
        ("unused", pa.int64()),
        ("amount", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Finding:
    """Something abnormal of one area, medium and day; attributes as in ``AnomalyFound``."""

    area: str
    service: str
    kind: AnomalyKind
    day: date
    homes: int
    affected: int
    observed: int | None
    usual: int | None


def area_days(*, blocks: pa.Table, points: pa.Table, day: date) -> pa.Table:
    """What each area used on a day.

    Args:
        blocks: The latest blocks of the day (``BLOCK``).
        points: ``usage_point`` (local number), ``service``, ``area``; a usage point comes once for each area it lies in.
        day: Business day.

    Returns:
        ``AREA_DAY``, one row an area and medium that has usage points.
    """
    points = points.append_column("amount", _amounts(blocks, points))
    known = pc.is_valid(points["amount"])
    points = points.append_column("is_known", pc.cast(known, pa.int64()))
    points = points.append_column("is_unused", pc.cast(pc.fill_null(pc.equal(points["amount"], 0), False), pa.int64()))
    sums = [("usage_point", "count"), ("is_known", "sum"), ("is_unused", "sum"), ("amount", "sum")]
    found = points.group_by(["area", "service"]).aggregate(sums).sort_by([("area", "ascending"), ("service", "ascending")])
    names = ("usage_point_count", "is_known_sum", "is_unused_sum", "amount_sum")
    counts = [pc.fill_null(found[name], 0).cast(pa.int64()) for name in names]
    days = pa.array([day] * found.num_rows, pa.date32())
    return pa.table([found["area"], found["service"], days, *counts], schema=AREA_DAY)


def _amounts(blocks: pa.Table, points: pa.Table) -> pa.ChunkedArray:
    """What each usage point used on the day [Wh or L]; null where part of it is not known."""
    factors = _factors()
    blocks = blocks.filter(pc.is_in(blocks["reading_type"], pa.array(list(factors), pa.int32()))).combine_chunks()
    values = blocks["values"].combine_chunks()
    sums = _sums(values)
    which = pc.index_in(blocks["reading_type"], pa.array(list(factors), pa.int32())).to_numpy()
    amounts = pa.array(np.rint(sums * np.array(list(factors.values()))[which]), pa.float64(), from_pandas=True).cast(pa.int64())
    return pa.chunked_array([amounts.take(pc.index_in(points["usage_point"], blocks["usage_point"]).combine_chunks())])


def _sums(values: pa.ListArray) -> Floats:
    """Sum of each list; NaN where it is empty or has a hole."""
    flat = values.flatten().to_numpy(zero_copy_only=False).astype(np.float64)
    ends = np.asarray(values.offsets, dtype=np.int64) - values.offsets[0].as_py() if len(values) else np.zeros(1, np.int64)
    total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(flat))])
    holes = np.concatenate([[0], np.cumsum(np.isnan(flat))])
    is_known = (holes[ends[1:]] == holes[ends[:-1]]) & (ends[1:] > ends[:-1])
    return np.where(is_known, total[ends[1:]] - total[ends[:-1]], np.nan)


def _factors() -> Mapping[int, float]:
    """Reading type to what makes its integers Wh or L."""
    return {kind.id: 1000.0 * 10.0**kind.scale for kind in reading_types_by_id().values() if kind.code in MEANS.values()}


def findings(history: pa.Table, *, day: date) -> list[Finding]:
    """What is abnormal on a day.

    Args:
        history: ``AREA_DAY`` of the day and of up to ``WEEKS_DAYS`` days before it.
        day: The day that is looked at.
    """
    found: list[Finding] = []
    today = history.filter(pc.equal(history["business_date"], pa.scalar(day, pa.date32())))
    before = history.filter(pc.less(history["business_date"], pa.scalar(day, pa.date32())))
    usual = _usual(before)
    for row in today.to_pylist():
        normal = usual.get((row["area"], row["service"]))
        if normal is not None and row["homes"] >= LEAST_HOMES:
            found += _of_area(row, normal, day)
    return found


@dataclass(frozen=True)
class _Usual:
    """What days of an area are like: mean of a home [Wh or L] and its spread, share that is not read, share that uses nothing."""

    mean: float
    spread: float
    unread: float
    nothing: float


def _usual(before: pa.Table) -> dict[tuple[str, str], _Usual]:
    before = before.sort_by([("area", "ascending"), ("service", "ascending"), ("business_date", "ascending")])
    areas, services = before["area"].to_pylist(), before["service"].to_pylist()
    homes, known, nothing, amount = (
        before[name].to_numpy().astype(np.float64) for name in ("homes", "known", "unused", "amount")
    )
    keys = list(zip(areas, services, strict=True))
    starts = [at for at, key in enumerate(keys) if at == 0 or key != keys[at - 1]]
    usual = {}
    for start, end in pairwise([*starts, len(keys)]):
        part = slice(start, end)
        is_read = known[part] >= (1 - SHARE) * homes[part]
        if np.count_nonzero(is_read & (known[part] > 0)) < LEAST_DAYS:
            continue
        means = (amount[part] / np.maximum(known[part], 1))[is_read]
        usual[keys[start]] = _Usual(
            mean=float(np.median(means)),
            spread=float(1.4826 * np.median(np.abs(means - np.median(means)))),
            unread=float(np.median(1 - known[part] / np.maximum(homes[part], 1))),
            nothing=float(np.median((nothing[part] / np.maximum(known[part], 1))[is_read])),
        )
    return usual


def _of_area(row: Mapping[str, object], normal: _Usual, day: date) -> Sequence[Finding]:
    homes, known, nothing, amount = (int(str(row[name])) for name in ("homes", "known", "unused", "amount"))
    observed = round(amount / known) if known else None
    unread = homes - known

    def one(kind: AnomalyKind, affected: int) -> Finding:
        return Finding(str(row["area"]), str(row["service"]), kind, day, homes, affected, observed, round(normal.mean))

    found = []
    if unread >= SHARE * homes and normal.unread < USUAL_SHARE:
        found.append(one("no_readings", unread))
    if known < LEAST_HOMES:
        return found
    if nothing / known - normal.nothing >= SHARE:
        return [*found, one("no_supply", nothing)]
    limit = max(SPREADS * normal.spread, CHANGE * normal.mean)
    if observed is not None and abs(observed - normal.mean) > limit > 0:
        found.append(one("high_use" if observed > normal.mean else "low_use", known))
    return found
