"""Freezes what the bills of many accounts are rated on, by column: edges first, every day only where the edges do not tell.

Accounts whose assignments, within the period, are the same share their spans and are worked together.
"""

import json
from datetime import date
from decimal import Decimal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metropool.capabilities.billing.day_grid import KEY, DayGrid, day_grid
from metropool.capabilities.billing.exchanged import registers_of
from metropool.capabilities.billing.freezing import (
    NO_INTERVALS,
    NO_TARIFF,
    REASONS,
    Assignment,
    first_code,
    growth_by_days,
    growth_by_edges,
    spans_of,
)
from metropool.capabilities.billing.intervals import PeriodSums, add_up
from metropool.capabilities.billing.items import ITEM, Frozen, Group, item_frame
from metropool.capabilities.billing.model import Month
from metropool.capabilities.billing.ports import BillingWork
from metropool.capabilities.billing.rating.apportion import apportion_columns
from metropool.capabilities.billing.run_rating import befores_of, periods_of_spans
from metropool.core.errors import NotFound
from metropool.core.periods import DAY
from metropool.core.quantities import reading_types_by_id

Ints = NDArray[np.int64]
_LATEST = ("usage_point", "combined_account", "reading_type", "multiplier", "opening_year", "opening_to_date")


def freeze_accounts(*, work: BillingWork, terms: pl.DataFrame, service: str, month: Month) -> pl.DataFrame:
    """Freeze each account of some assignments, rows of ``Tariffs.terms``; items (``ITEM``) in the order of the accounts."""
    if terms.is_empty():
        return pl.DataFrame(schema=ITEM)
    groups = [_group(work, group, month) for group in _accounts(terms, month).partition_by("assigned")]
    edges = sorted({day for group in groups for span in group.spans for day in (span.start, span.end - DAY)})
    accounts = pl.concat([group.accounts for group in groups])
    grid = day_grid(accounts.height, work.usages.days(accounts.select(*KEY), days=edges), edges)
    frozen, first = [], 0
    for group in groups:
        rows = np.arange(first, first + group.accounts.height)
        frozen.append(_freeze(work, group, grid.rows(rows), service, month))
        first += group.accounts.height
    return pl.concat(frozen).sort("account_number")


def _accounts(terms: pl.DataFrame, month: Month) -> pl.DataFrame:
    """One row an account: its latest assignment, and all of them within the period as one text."""
    start, end = month.start.isoformat(), month.end.isoformat()
    begins = pl.when(pl.col("valid_from") < start).then(pl.lit(start)).otherwise("valid_from")
    ends = pl.when(pl.col("valid_to") < end).then("valid_to").otherwise(pl.lit(end))
    assigned = terms.with_columns(assigned=pl.concat_str("tariff", "options", begins, ends, separator="\t"))
    latest = [pl.col(name).last() for name in _LATEST]
    accounts = assigned.group_by("account_number", maintain_order=True).agg(*latest, pl.col("assigned").str.join("\n"))
    plain = {text: f"{Decimal(text):f}" for text in accounts["multiplier"].unique()}
    return accounts.with_columns(pl.col("multiplier").replace(plain))


def _group(work: BillingWork, accounts: pl.DataFrame, month: Month) -> Group:
    """The accounts with their spans and time-of-use periods; none where some day has no tariff."""
    book = work.tariffs.book
    assignments = [_assignment(text) for text in accounts["assigned"][0].split("\n")]
    tariff = book.tariff(assignments[-1].tariff)
    try:
        spans = tuple(spans_of(assignments, month, book))
    except NotFound:
        return Group(accounts, tariff.unit, tariff.id, (), ())
    name = f"{spans[-1].tariff}@{spans[-1].version_from}"
    return Group(accounts, tariff.unit, name, spans, tuple(periods_of_spans(spans, month=month, book=book)))


def _assignment(text: str) -> Assignment:
    tariff, options, start, end = text.split("\t")
    return Assignment(tariff, tuple(json.loads(options)), date.fromisoformat(start), date.fromisoformat(end))


def _freeze(work: BillingWork, group: Group, grid: DayGrid, service: str, month: Month) -> pl.DataFrame:
    count = group.accounts.height
    if not group.spans:
        no_tariff = np.full(count, REASONS.index(NO_TARIFF))
        return item_frame(group=group, grid=grid, frozen=Frozen((), no_tariff, np.zeros(count, np.bool_)))
    quantities, reasons, registers = _quantities(work, group, grid, month)
    sums = _sums(work, group, month)
    for k, each in sums.items():
        lacking = (reasons == 0) & (quantities[:, k] != 0) & ~each.weights.any(axis=1)
        reasons[lacking] = REASONS.index(NO_INTERVALS)
    quantities[reasons != 0] = 0
    before = befores_of(group.spans, quantities, year_to_date=_to_date(work, group, service, month), book=work.tariffs.book)
    numbers = [np.stack([quantities[:, k], before[:, k]], axis=1) for k in range(len(group.spans))]
    for k, each in sums.items():
        numbers[k] = np.concatenate([numbers[k], apportion_columns(quantities[:, k], each.weights)], axis=1)
    holes = np.any([each.has_holes for each in sums.values()], axis=0) if sums else np.zeros(count, np.bool_)
    return item_frame(group=group, grid=grid, frozen=Frozen(numbers, reasons, holes & (reasons == 0), registers))


def _quantities(work: BillingWork, group: Group, grid: DayGrid, month: Month) -> tuple[Ints, Ints, dict[int, str]]:
    """Quantity of each span [smallest units], shape (N, K), the code of the reason why it cannot be told, shape (N,), and the
    registers of each meter where it was exchanged, by row."""
    multipliers = group.accounts["multiplier"].to_list()
    told = [growth_by_edges(grid, span, multipliers) for span in group.spans]
    quantities = np.stack([quantity for quantity, _ in told], axis=1)
    reasons = np.zeros(len(quantities), np.int64)
    unclear, registers = ~np.all([is_clear for _, is_clear in told], axis=0), {}
    if unclear.any():
        accounts = group.accounts.filter(unclear)
        quantities[unclear], reasons[unclear], of_meters = _by_every_day(work, group, accounts, month)
        registers = {int(row): text for row, text in zip(np.flatnonzero(unclear), of_meters, strict=True) if text}
    return quantities, reasons, registers


def _by_every_day(work: BillingWork, group: Group, accounts: pl.DataFrame, month: Month) -> tuple[Ints, Ints, list[str | None]]:
    days = [month.start + i * DAY for i in range(month.days)]
    grid = day_grid(accounts.height, work.usages.days(accounts.select(*KEY), days=days), days)
    multipliers = accounts["multiplier"].to_list()
    quantities, reasons = [], []
    for span in group.spans:
        by_edges, is_clear = growth_by_edges(grid, span, multipliers)
        by_days, reason = growth_by_days(grid, span, multipliers)
        quantities.append(np.where(is_clear, by_edges, by_days))
        reasons.append(np.where(is_clear, 0, reason))
    digits = [-reading_types_by_id()[kind].scale for kind in accounts["reading_type"].to_list()]
    registers = registers_of(grid, first=days[0], last=days[-1], digits=digits)
    return np.stack(quantities, axis=1), first_code(np.stack(reasons, axis=1)), registers


def _sums(work: BillingWork, group: Group, month: Month) -> dict[int, PeriodSums]:
    """Interval sums of the spans that are priced by time of use, by their place."""
    count, book = group.accounts.height, work.tariffs.book
    sums = {
        k: PeriodSums(span, periods, count, book)
        for k, (span, periods) in enumerate(zip(group.spans, group.periods, strict=True))
        if periods
    }
    if sums:
        add_up(sums.values(), work.usages.intervals(group.accounts.select(*KEY), month=month))
    return sums


def _to_date(work: BillingWork, group: Group, service: str, month: Month) -> Ints:
    """Quantity of the year before the period [smallest units], shape (N,); looked up only where a tariff asks for it."""
    book = work.tariffs.book
    tiers = [book.version_on(span.tariff, span.start).tiers for span in group.spans]
    if not any(each and each.window == "year" for each in tiers):
        return np.zeros(group.accounts.height, np.int64)
    accounts = group.accounts["account_number"].to_list()
    billed = work.bills.year_to_date(service=service, accounts=accounts, start=month.start)
    opening = pl.when(pl.col("opening_year") == month.start.year).then("opening_to_date").otherwise(0)
    to_date: Ints = group.accounts.select(opening).to_series().to_numpy() + np.array([billed.get(each, 0) for each in accounts])
    return to_date
