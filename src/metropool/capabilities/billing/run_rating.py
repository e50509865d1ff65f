"""Rates the frozen items of a run: those with the same tariff versions and options go together."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from metropool.capabilities.billing.freezing import Frozen, Part, Span
from metropool.capabilities.billing.model import Month
from metropool.capabilities.billing.rating.batch import RatedColumns, UsageColumns, rate_parts_columns
from metropool.capabilities.billing.rating.plan import RatingPlan
from metropool.capabilities.billing.rating.texts import lines_of_columns
from metropool.capabilities.billing.tariffs.loader import TariffBook
from metropool.capabilities.billing.tariffs.plans import plan_of


@dataclass(frozen=True)
class RatedItem:
    """What rating adds to an item."""

    account_number: str
    lines: str
    amount_fen: int
    collected_fen: int


def write_parts(frozen: Frozen, *, befores: Sequence[int]) -> str:
    """The parts of a frozen item as canonical JSON."""
    rows = [
        [*_shape(part.span), list(part.span.options), part.quantity, before, list(part.periods)]
        for part, before in zip(frozen.parts, befores, strict=True)
    ]
    return json.dumps(rows, separators=(",", ":"))


def befores_of(parts: Sequence[Part], *, year_to_date: int, first_year: int, book: TariffBook) -> list[int]:
    """Quantity of the tier window before each part: the year so far for yearly tiers, and the parts before it in the window."""
    befores, of_period, of_year = [], 0, {first_year: year_to_date}
    for part in parts:
        version = book.version_on(part.span.tariff, part.span.start)
        yearly = version.tiers is not None and version.tiers.window == "year"
        in_year = of_year.get(part.span.start.year, 0)
        befores.append(in_year if yearly else of_period)
        of_period += part.quantity
        of_year[part.span.start.year] = in_year + part.quantity
    return befores


def rate_items(items: Sequence[Mapping[str, Any]], *, month: Month, book: TariffBook) -> list[RatedItem]:
    """Rate frozen items (account_number, parts, digits), in any order; each comes back once."""
    groups: dict[tuple[Any, ...], list[tuple[str, list[Any]]]] = defaultdict(list)
    for item in items:
        parts = json.loads(item["parts"])
        shape = tuple((*part[:4], tuple(part[4])) for part in parts)
        groups[(item["digits"], shape)].append((item["account_number"], parts))
    return [rated for (digits, shape), rows in groups.items() for rated in _rate_group(digits, shape, rows, month, book)]


def plans_of(shape: Sequence[tuple[Any, ...]], *, month: Month, book: TariffBook) -> list[RatingPlan]:
    """The plan of each part of a bill; the season is that of the last day of its period (``season_of_last_day``)."""
    season_month = (month.end - timedelta(days=1)).month
    plans = []
    for start, _, tariff_id, _, options in shape:
        tariff = book.tariff(tariff_id)
        version = book.version_on(tariff_id, date.fromisoformat(start))
        plans.append(plan_of(tariff, version, options=options, month=season_month, months=month.months))
    return plans


def periods_of_spans(spans: Sequence[Span], *, month: Month, book: TariffBook) -> list[tuple[str, ...]]:
    """Time-of-use periods each part is priced by; empty where it is not."""
    shape = [(span.start.isoformat(), "", span.tariff, "", span.options) for span in spans]
    return [plan.periods for plan in plans_of(shape, month=month, book=book)]


def _rate_group(
    digits: int, shape: Sequence[tuple[Any, ...]], rows: Sequence[tuple[str, list[Any]]], month: Month, book: TariffBook
) -> list[RatedItem]:
    plans = plans_of(shape, month=month, book=book)
    unit = 10**digits
    parts = [
        (
            plan,
            _columns(
                plan, [parts[k] for _, parts in rows], _days(shape[k]) * unit, (month.months if k == 0 else 0) * unit, digits
            ),
        )
        for k, plan in enumerate(plans)
    ]
    rated = rate_parts_columns(parts)
    return _items([account for account, _ in rows], rated)


def _columns(plan: RatingPlan, rows: Sequence[list[Any]], days: int, months: int, digits: int) -> UsageColumns:
    count = len(rows)
    shares = np.array([row[7] for row in rows], np.int64).reshape(count, -1) if plan.periods else np.zeros((count, 0), np.int64)
    return UsageColumns(
        digits=digits,
        quantity=np.array([row[5] for row in rows], np.int64),
        before=np.array([row[6] for row in rows], np.int64),
        periods={period: np.ascontiguousarray(shares[:, k]) for k, period in enumerate(plan.periods)},
        days=np.full(count, days),
        months=np.full(count, months),
    )


def _days(shape: tuple[Any, ...]) -> int:
    return (date.fromisoformat(shape[1]) - date.fromisoformat(shape[0])).days


def _items(accounts: Sequence[str], rated: RatedColumns) -> list[RatedItem]:
    columns = zip(accounts, lines_of_columns(rated), rated.total_fen.tolist(), rated.collected_fen().tolist(), strict=True)
    return [RatedItem(*row) for row in columns]


def _shape(span: Span) -> tuple[str, str, str, str]:
    return span.start.isoformat(), span.end.isoformat(), span.tariff, span.version_from.isoformat()
