"""From what is known of usage to what a bill is rated on: registers, quantity, parts and time-of-use shares. Pure.

The register is the law. Where the meter was exchanged or rolled over inside the period, or a register at an edge of a part is
missing, the days are added up instead; what cannot be told is a reason why the bill is blocked, never a zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from metropool.capabilities.billing.model import Month
from metropool.capabilities.billing.rating.apportion import apportion
from metropool.capabilities.billing.rating.registers import apply_multiplier
from metropool.capabilities.billing.tariffs.loader import TariffBook
from metropool.core.errors import NotFound

NO_TARIFF, NO_REGISTER, WENT_BACK, NO_INTERVALS = "no_tariff", "no_register", "register_went_back", "no_intervals"


@dataclass(frozen=True)
class Terms:
    """By which tariff an account is billed from a day on (tariff assignment)."""

    account_number: str
    usage_point: str
    combined_account: str
    tariff: str
    options: tuple[str, ...]
    reading_type: int
    digits: int
    multiplier: Decimal
    valid_from: date
    valid_to: date | None
    opening_year: int = 0
    opening_to_date: int = 0


@dataclass(frozen=True)
class DayUsage:
    """Usage of one business day: registers and the day's own sum [smallest units], None where not known."""

    device_number: str
    register_start: int | None
    register_end: int | None
    total: int | None
    start_estimated: bool = False
    end_estimated: bool = False


@dataclass(frozen=True)
class Span:
    """A part of the period under one tariff version: half-open days."""

    start: date
    end: date
    tariff: str
    version_from: date
    options: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """A span with its quantity and the weights of its time-of-use periods [smallest units]."""

    span: Span
    quantity: int
    periods: tuple[int, ...] = ()


@dataclass(frozen=True)
class Frozen:
    """What one bill is rated on, or why it cannot be."""

    terms: Terms
    meter_number: str = ""
    register_start: int | None = None
    register_end: int | None = None
    quantity: int = 0
    is_estimated: bool = False
    parts: tuple[Part, ...] = ()
    blocked: str | None = None


@dataclass(frozen=True)
class Known:
    """What is known of an account for a period.

    Attributes:
        days: Usage by business day; may be the edges of the parts only.
        weights: Interval sums by time-of-use period of each part [any unit], by its start; only where the tariff asks.
        has_holes: Intervals behind the weights are missing.
    """

    days: Mapping[date, DayUsage]
    weights: Mapping[date, Sequence[int]] = field(default_factory=dict)
    has_holes: bool = False


def spans_of(terms: Sequence[Terms], month: Month, book: TariffBook) -> list[Span]:
    """Split a period by day wherever another assignment, another tariff version or, with yearly tiers, another year begins.

    Raises:
        NotFound: A day has no assignment or no version.
    """
    spans: list[Span] = []
    day = month.start
    while day < month.end:
        current = _terms_on(terms, day)
        version = book.version_on(current.tariff, day)
        ends = [month.end, current.valid_to or month.end]
        ends.append(version.valid_to + timedelta(days=1) if version.valid_to else month.end)
        if version.tiers and version.tiers.window == "year":
            ends.append(date(day.year + 1, 1, 1))
        end = min(ends)
        spans.append(Span(day, end, current.tariff, version.valid_from, current.options))
        day = end
    return spans


def freeze(*, terms: Sequence[Terms], spans: Sequence[Span], known: Known, needs_periods: Sequence[bool]) -> Frozen:
    """Freeze what one bill is rated on.

    Args:
        terms: The assignments of the account in the period, oldest first.
        spans: The period, split by ``spans_of``; empty when some day has no tariff.
        known: Its usage.
        needs_periods: Whether each part has time-of-use periods, so that it needs weights.
    """
    latest = terms[-1]
    if not spans:
        return Frozen(latest, blocked=NO_TARIFF)
    first, last = known.days.get(spans[0].start), known.days.get(spans[-1].end - timedelta(days=1))
    frozen = Frozen(
        latest,
        meter_number=last.device_number if last else first.device_number if first else "",
        register_start=first.register_start if first else None,
        register_end=last.register_end if last else None,
        is_estimated=bool((first and first.start_estimated) or (last and last.end_estimated)),
    )
    growths = [_growth(span, known.days, latest.multiplier) for span in spans]
    wrong = next((growth for growth in growths if isinstance(growth, str)), None)
    if wrong:
        return _blocked(frozen, wrong)
    return _with_parts(frozen, spans, [growth for growth in growths if isinstance(growth, int)], known, needs_periods)


def _with_parts(
    frozen: Frozen, spans: Sequence[Span], growths: Sequence[int], known: Known, needs_periods: Sequence[bool]
) -> Frozen:
    parts = []
    for span, quantity, needed in zip(spans, growths, needs_periods, strict=True):
        weights = known.weights.get(span.start, ())
        if needed and not any(weights) and (quantity or not weights):
            return _blocked(frozen, NO_INTERVALS)
        parts.append(Part(span, quantity, tuple(apportion(quantity, list(weights))) if needed else ()))
    return Frozen(
        frozen.terms,
        frozen.meter_number,
        frozen.register_start,
        frozen.register_end,
        sum(growths),
        frozen.is_estimated or known.has_holes,
        tuple(parts),
    )


def _growth(span: Span, days: Mapping[date, DayUsage], multiplier: Decimal) -> int | str:
    """Quantity of a span [smallest units], or why it cannot be told."""
    first, last = days.get(span.start), days.get(span.end - timedelta(days=1))
    one_device = len({day.device_number for at, day in days.items() if span.start <= at < span.end}) == 1
    if first and last and one_device and first.register_start is not None and last.register_end is not None:
        grown = last.register_end - first.register_start
        if grown >= 0:
            return apply_multiplier(grown, multiplier)
    return _by_days(span, days, multiplier)


def _by_days(span: Span, days: Mapping[date, DayUsage], multiplier: Decimal) -> int | str:
    total, day = 0, span.start
    while day < span.end:
        usage = days.get(day)
        if usage is None:
            return NO_REGISTER
        quantity = _of_day(usage, multiplier)
        if quantity is None:
            return NO_REGISTER if usage.register_start is None or usage.register_end is None else WENT_BACK
        total += quantity
        day += timedelta(days=1)
    return total


def _of_day(usage: DayUsage, multiplier: Decimal) -> int | None:
    """A day's quantity: its own intervals where they are whole, for the register may be of two meters; else the register."""
    if usage.total is not None:
        return usage.total
    if usage.register_start is None or usage.register_end is None or usage.register_end < usage.register_start:
        return None
    return apply_multiplier(usage.register_end - usage.register_start, multiplier)


def _terms_on(terms: Sequence[Terms], day: date) -> Terms:
    for each in terms:
        if each.valid_from <= day and (each.valid_to is None or day < each.valid_to):
            return each
    raise NotFound(f"account {terms[-1].account_number} has no tariff on {day}")


def _blocked(frozen: Frozen, reason: str) -> Frozen:
    return Frozen(
        frozen.terms,
        frozen.meter_number,
        frozen.register_start,
        frozen.register_end,
        is_estimated=frozen.is_estimated,
        blocked=reason,
    )
