"""Gathers what is known of many accounts' usage and freezes each: edges first, every day only where the edges do not tell."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from metropool.capabilities.billing.freezing import NO_REGISTER, WENT_BACK, Frozen, Known, Span, Terms, freeze, spans_of
from metropool.capabilities.billing.model import Month
from metropool.capabilities.billing.ports import Tariffs, Usages
from metropool.capabilities.billing.run_rating import periods_of_spans
from metropool.capabilities.billing.tariffs.calendars import band_of_day, periods_of
from metropool.capabilities.billing.tariffs.loader import TariffBook
from metropool.core.errors import NotFound

Key = tuple[str, int]


@dataclass(frozen=True)
class _Account:
    terms: tuple[Terms, ...]
    spans: tuple[Span, ...]
    periods: tuple[tuple[str, ...], ...]

    @property
    def key(self) -> Key:
        return self.terms[-1].usage_point, self.terms[-1].reading_type

    def frozen_by(self, days: Mapping[Key, Mapping[date, Any]], sums: Mapping[Span, "_Sums"]) -> Frozen:
        own = [sums[span] for span, periods in zip(self.spans, self.periods, strict=True) if periods]
        weights = {each.span.start: each.weights_of(self.key) for each in own}
        known = Known(days.get(self.key, {}), weights, has_holes=any(each.has_holes(self.key) for each in own))
        return freeze(terms=self.terms, spans=self.spans, known=known, needs_periods=[bool(each) for each in self.periods])


def freeze_accounts(*, tariffs: Tariffs, usages: Usages, terms: Sequence[Terms], month: Month) -> list[Frozen]:
    """Freeze the usage of each account of some assignments (sorted by account and day), in the order of the accounts."""
    accounts = _accounts(terms, month, tariffs.book)
    edges = {day for account in accounts for span in account.spans for day in (span.start, span.end - timedelta(days=1))}
    days = usages.days({account.key for account in accounts}, days=edges)
    sums = _sums([account for account in accounts if any(account.periods)], usages, month, tariffs.book)
    first = [account.frozen_by(days, sums) for account in accounts]
    unclear = {account.key for account, frozen in zip(accounts, first, strict=True) if frozen.blocked in (NO_REGISTER, WENT_BACK)}
    if not unclear:
        return first
    every_day = [month.start + timedelta(days=i) for i in range(month.days)]
    all_days = usages.days(unclear, days=every_day)
    return [
        account.frozen_by(all_days, sums) if account.key in unclear else frozen
        for account, frozen in zip(accounts, first, strict=True)
    ]


def _accounts(terms: Sequence[Terms], month: Month, book: TariffBook) -> list[_Account]:
    by_account: dict[str, list[Terms]] = defaultdict(list)
    for each in terms:
        by_account[each.account_number].append(each)
    known: dict[tuple[Any, ...], tuple[tuple[Span, ...], tuple[tuple[str, ...], ...]]] = {}
    accounts = []
    for own in by_account.values():
        shape = tuple((each.tariff, each.options, each.valid_from, each.valid_to) for each in own)
        if shape not in known:
            known[shape] = _split(own, month, book)
        accounts.append(_Account(tuple(own), *known[shape]))
    return accounts


def _split(terms: Sequence[Terms], month: Month, book: TariffBook) -> tuple[tuple[Span, ...], tuple[tuple[str, ...], ...]]:
    """Spans and their time-of-use periods; nothing where some day has no tariff."""
    try:
        spans = tuple(spans_of(terms, month, book))
    except NotFound:
        return (), ()
    return spans, tuple(periods_of_spans(spans, month=month, book=book))


class _Sums:
    """Interval sums by time-of-use period of one span, for the accounts that have it."""

    def __init__(self, span: Span, periods: tuple[str, ...], book: TariffBook) -> None:
        self.span, self.periods = span, periods
        self.position: dict[Key, int] = {}
        self._total: NDArray[np.int64] = np.zeros((0, len(periods)), np.int64)
        self._whole_days: NDArray[np.int64] = np.zeros(0, np.int64)
        self._book = book
        self._calendar = book.calendars[book.version_on(span.tariff, span.start).calendar]
        self._zone = ZoneInfo(book.tariff(span.tariff).zone)

    def weights_of(self, key: Key) -> Sequence[int]:
        """Sums of an account by period."""
        weights: list[int] = self._total[self.position[key]].tolist()
        return weights

    def has_holes(self, key: Key) -> bool:
        """Whether any interval of the span is missing for an account."""
        return bool(self._whole_days[self.position[key]] < (self.span.end - self.span.start).days)

    def start(self) -> None:
        """Make room once all accounts have their position."""
        self._total = np.zeros((len(self.position), len(self.periods)), np.int64)
        self._whole_days = np.zeros(len(self.position), np.int64)

    def add(self, group: Mapping[str, Any]) -> None:
        """Add the interval values of one day."""
        if not self.span.start <= group["business_date"] < self.span.end:
            return
        found = [(row, self.position[key]) for row, key in enumerate(group["keys"]) if key in self.position]
        if found:
            rows, positions = np.array(found).T
            np.add.at(self._total, positions, group["values"][rows] @ self._columns(group))
            np.add.at(self._whole_days, positions, group["is_whole"][rows])

    def _columns(self, group: Mapping[str, Any]) -> NDArray[np.int64]:
        """Which of the tariff's periods each interval counts for, shape (intervals, periods)."""
        bands = band_of_day(
            self._calendar,
            group["business_date"],
            start=group["start"],
            interval_s=group["interval_s"],
            count=group["values"].shape[1],
            zone=self._zone,
            day_sets=self._book.day_sets,
        )
        names = periods_of(self._calendar)
        wanted = np.array([names.index(period) for period in self.periods])
        columns: NDArray[np.int64] = (bands[:, None] == wanted[None, :]).astype(np.int64)
        return columns


def _sums(accounts: Sequence[_Account], usages: Usages, month: Month, book: TariffBook) -> dict[Span, _Sums]:
    sums: dict[Span, _Sums] = {}
    for account in accounts:
        for span, periods in zip(account.spans, account.periods, strict=True):
            if periods:
                own = sums.setdefault(span, _Sums(span, periods, book))
                own.position.setdefault(account.key, len(own.position))
    for each in sums.values():
        each.start()
    for group in usages.intervals({account.key for account in accounts}, month=month):
        for each in sums.values():
            each.add(group)
    return sums
