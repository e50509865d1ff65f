"""Late fee (违约金): simple, by the day, never compound, never more than the cap."""

from datetime import date
from decimal import Decimal

from metropool.capabilities.billing.rating.plan import Line, Rated
from metropool.capabilities.billing.tariffs.schema import LateFee
from metropool.core.errors import Fault, Invalid
from metropool.core.money import Fen, round_to_fen, to_cny


def late_fee(*, unpaid_cny: Decimal, days_late: int, rule: LateFee) -> Rated:
    """The fee for a sum that is some days late: unpaid x rate x days, capped, then step ``half_up_to_fen``.

    Raises:
        Invalid: A negative sum, number of days or rate.
    """
    figures: dict[str, Decimal | int] = {"unpaid_cny": unpaid_cny, "days_late": days_late, "daily_rate": rule.daily_rate}
    faults = [Fault(name, f"{value} is less than nothing") for name, value in figures.items() if value < 0]
    if faults:
        raise Invalid("no late fee can be worked out", faults=faults)
    days = max(0, days_late - rule.grace_days)
    price = unpaid_cny * rule.daily_rate
    amount = price * days
    if rule.cap_share is not None and amount > unpaid_cny * rule.cap_share:
        amount = unpaid_cny * rule.cap_share
    return Rated((Line("late_fee", Decimal(days), price, amount, "late_fee"),), amount, round_to_fen(amount))


def late_fee_on(*, unpaid: Fen, due_date: date, today: date, rule: LateFee) -> Fen:
    """The fee on an unpaid amount today [fen]; nothing on or before the due date."""
    days = max(0, (today - due_date).days)
    return late_fee(unpaid_cny=to_cny(unpaid), days_late=days, rule=rule).total_fen
