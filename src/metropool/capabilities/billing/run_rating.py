"""Rates the frozen items of a run: those with the same tariff versions and options go together."""

import json
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metropool.capabilities.billing.freezing import Span
from metropool.capabilities.billing.model import Month
from metropool.capabilities.billing.rating.batch import rate_parts_columns
from metropool.capabilities.billing.rating.columns import UsageColumns
from metropool.capabilities.billing.rating.plan import RatingPlan
from metropool.capabilities.billing.rating.texts import lines_of_columns
from metropool.capabilities.billing.tariffs.loader import TariffBook
from metropool.capabilities.billing.tariffs.plans import plan_of

Ints = NDArray[np.int64]


def befores_of(spans: Sequence[Span], quantities: Ints, *, year_to_date: Ints, book: TariffBook) -> Ints:
    """Quantity of the tier window before each span: the year so far for yearly tiers, and the spans before it in the window.

    Args:
        spans: The spans, in order.
        quantities: Their quantities [smallest units], shape (N, spans); the result has the same shape.
        year_to_date: Quantity of the year of the first span before it [smallest units], shape (N,).
        book: Tells which tiers are yearly.
    """
    befores, of_period, of_year = [], np.zeros_like(year_to_date), {spans[0].start.year: year_to_date}
    for k, span in enumerate(spans):
        version = book.version_on(span.tariff, span.start)
        yearly = version.tiers is not None and version.tiers.window == "year"
        in_year = of_year.get(span.start.year, np.zeros_like(year_to_date))
        befores.append(in_year if yearly else of_period)
        of_period = of_period + quantities[:, k]
        of_year[span.start.year] = in_year + quantities[:, k]
    return np.stack(befores, axis=1)


def rate_items(items: pl.DataFrame, *, month: Month, book: TariffBook) -> pl.DataFrame:
    """Rate frozen items: the same rows in the same order, with ``lines`` (JSON), ``amount_fen`` and ``collected_fen``."""
    if items.is_empty():
        return items.with_columns(lines=pl.lit(""), amount_fen=pl.lit(0), collected_fen=pl.lit(0))
    groups = items.with_row_index("row").partition_by("digits", "shape")
    return pl.concat([_rate_group(group, month, book) for group in groups]).sort("row").drop("row")


def plans_of(shape: Sequence[Sequence[Any]], *, month: Month, book: TariffBook) -> list[RatingPlan]:
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


def _rate_group(group: pl.DataFrame, month: Month, book: TariffBook) -> pl.DataFrame:
    digits, shape = group["digits"][0], json.loads(group["shape"][0])
    unit = 10**digits
    numbers = group["numbers"].explode().to_numpy().reshape(group.height, -1)
    parts, first = [], 0
    for k, plan in enumerate(plans_of(shape, month=month, book=book)):
        end = first + 2 + len(plan.periods)
        months = month.months if k == 0 else 0
        parts.append((plan, _columns(plan, numbers[:, first:end], _days(shape[k]) * unit, months * unit, digits)))
        first = end
    rated = rate_parts_columns(parts)
    return group.with_columns(lines=lines_of_columns(rated), amount_fen=rated.total_fen, collected_fen=rated.collected_fen())


def _columns(plan: RatingPlan, numbers: Ints, days: int, months: int, digits: int) -> UsageColumns:
    columns = np.ascontiguousarray(numbers.T)
    return UsageColumns(
        digits=digits,
        quantity=columns[0],
        before=columns[1],
        periods=dict(zip(plan.periods, columns[2:], strict=True)),
        days=np.full(len(numbers), days),
        months=np.full(len(numbers), months),
    )


def _days(shape: Sequence[Any]) -> int:
    return (date.fromisoformat(shape[1]) - date.fromisoformat(shape[0])).days
