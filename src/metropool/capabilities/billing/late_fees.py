"""Late fee (违约金): simple, by the day, never compound, never more than the cap."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from metropool.capabilities.billing.faults import fault, sentence
from metropool.capabilities.billing.rating.plan import Line, Rated
from metropool.capabilities.billing.tariffs.loader import TariffBook
from metropool.capabilities.billing.tariffs.schema import LateFee
from metropool.core.errors import Invalid
from metropool.core.money import Fen, round_to_fen, to_cny
from metropool.core.periods import DAY

Payments = Sequence[tuple[date, Fen]]
"""Business day and amount [fen] of what was paid on a bill; what went back is negative."""


def late_fee(*, unpaid_cny: Decimal, days_late: int, rule: LateFee) -> Rated:
    """The fee for a sum that is some days late: unpaid x rate x days, capped, then step ``half_up_to_fen``.

    Raises:
        Invalid: A negative sum, number of days or rate.
    """
    figures: dict[str, Decimal | int] = {"unpaid_cny": unpaid_cny, "days_late": days_late, "daily_rate": rule.daily_rate}
    faults = [fault(name, "negative", value=value) for name, value in figures.items() if value < 0]
    if faults:
        raise Invalid.that(sentence("no_late_fee"), faults=faults)
    days = max(0, days_late - rule.grace_days)
    price = unpaid_cny * rule.daily_rate
    amount = _capped(price * days, most=unpaid_cny, rule=rule)
    return Rated((Line("late_fee", Decimal(days), price, amount, "late_fee"),), amount, round_to_fen(amount))


def late_fee_through(*, amount_fen: Fen, due_date: date, payments: Payments, last_day: date, rule: LateFee) -> Fen:
    """The fee that a bill has come to by the end of a day [fen], with what was paid on it and when.

    Each late day costs the rate of what was open when it began: the day of a payment counts, the day after it does not.

    Args:
        amount_fen: Of the bill.
        due_date: Last day to pay.
        payments: On this bill, in any order.
        last_day: Last day that counts.
        rule: Rate, days of grace and cap; the cap is a share of the most that was open on a late day.
    """
    first = due_date + DAY + timedelta(days=rule.grace_days)
    if last_day < first:
        return 0
    edges = sorted({first, last_day + DAY, *(day + DAY for day, _ in payments if first <= day < last_day)})
    spans = [((end - start).days, _open_at(start, amount_fen, payments)) for start, end in pairwise(edges)]
    exact = to_cny(sum(days * fen for days, fen in spans)) * rule.daily_rate
    return round_to_fen(_capped(exact, most=to_cny(max(fen for _, fen in spans)), rule=rule))


def rule_of(tariff_version: str, book: TariffBook) -> LateFee | None:
    """The rule of the tariff a bill was worked out by (``tariff@day``); None where nothing is asked for lateness."""
    return book.late_fees.get(book.tariff(tariff_version.partition("@")[0]).late_fee)


def _open_at(start: date, amount_fen: Fen, payments: Payments) -> Fen:
    return max(0, amount_fen - sum(fen for day, fen in payments if day < start))


def _capped(amount: Decimal, *, most: Decimal, rule: LateFee) -> Decimal:
    return amount if rule.cap_share is None else min(amount, most * rule.cap_share)
