"""Items of a run: frozen usage as rows, with the quantity of the tier window before each part."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from metropool.capabilities.billing.freezing import Frozen
from metropool.capabilities.billing.model import Month
from metropool.capabilities.billing.ports import BillingWork, Row
from metropool.capabilities.billing.run_rating import befores_of, write_parts


def month_of(run: Row) -> Month:
    """The billing month of a run or a bill."""
    return Month(date.fromisoformat(run["period_start"]), date.fromisoformat(run["period_end"]))


def items_of(*, work: BillingWork, frozen: Sequence[Frozen], service: str, run: str, month: Month) -> list[dict[str, Any]]:
    """Rows of frozen items, with the quantity of the tier window before each part."""
    accounts = [each.terms.account_number for each in frozen]
    to_date = work.bills.year_to_date(service=service, accounts=accounts, start=month.start)
    return [_item(work, each, run, month, to_date.get(each.terms.account_number, 0)) for each in frozen]


def _item(work: BillingWork, frozen: Frozen, run: str, month: Month, billed_to_date: int) -> dict[str, Any]:
    terms = frozen.terms
    opening = terms.opening_to_date if terms.opening_year == month.start.year else 0
    befores = befores_of(frozen.parts, year_to_date=opening + billed_to_date, first_year=month.start.year, book=work.tariffs.book)
    last = frozen.parts[-1].span if frozen.parts else None
    return {
        "run": run,
        "account_number": terms.account_number,
        "usage_point": terms.usage_point,
        "combined_account": terms.combined_account,
        "meter_number": frozen.meter_number,
        "multiplier": f"{terms.multiplier:f}",
        "digits": terms.digits,
        "unit": work.tariffs.book.tariff(terms.tariff).unit,
        "days": month.days,
        "register_start": frozen.register_start,
        "register_end": frozen.register_end,
        "quantity": frozen.quantity,
        "is_estimated": frozen.is_estimated,
        "parts": write_parts(frozen, befores=befores),
        "blocked": frozen.blocked,
        "held": None,
        "tariff": f"{last.tariff}@{last.version_from}" if last else terms.tariff,
    }
