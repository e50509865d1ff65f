"""Adjustments (退补): a bill whose usage or price changed afterwards is reckoned again; the difference is billed."""

import json
from collections.abc import Collection
from typing import Any

import polars as pl

from metropool.capabilities.billing.freezing_accounts import freeze_accounts
from metropool.capabilities.billing.issuing import bills_of, issue_bills
from metropool.capabilities.billing.items import month_of
from metropool.capabilities.billing.model import bill_numbers, series_of
from metropool.capabilities.billing.ports import BillingWork, Row
from metropool.capabilities.billing.run_rating import rate_items
from metropool.core.errors import Conflict, NotFound
from metropool.core.money import to_cny

SOME = 500


def recheck_bills(*, work: BillingWork, bill_numbers: Collection[str], reason: str) -> None:
    """Mark bills to be reckoned again, such as after a tariff was changed for days already billed."""
    work.bills.note_recheck(bill_numbers, reason=reason, now=work.now)


def propose_adjustments(*, work: BillingWork) -> bool:
    """Reckon some of the marked bills again and propose what differs; True when there were any."""
    noted = work.bills.rechecks(state="noted", limit=SOME)
    for bill in work.bills.bills(number=[row["bill_number"] for row in noted]):
        work.bills.settle_recheck(bill["number"], **_finding(bill, _reckon(work, bill)))
    return bool(noted)


def issue_adjustment(*, work: BillingWork, bill_number: str, by: str) -> str:
    """Issue the proposed adjustment of a bill as its next version; returns the number of the new bill.

    Raises:
        NotFound: No such bill.
        Conflict: It is not proposed (any more), or there is nothing to adjust.
    """
    found = work.bills.bills(number=bill_number)
    if not found:
        raise NotFound(f"no bill {bill_number}")
    bill, recheck = found[0], work.bills.recheck(bill_number)
    item = _reckon(work, bill)
    if recheck is None or recheck["state"] != "proposed" or _finding(bill, item)["state"] != "proposed":
        raise Conflict(f"no adjustment of bill {bill_number} is proposed")
    number = _issue(work, bill, item)
    work.bills.settle_recheck(bill_number, state="issued", settled_by=by, adjustment=number)
    work.bills.note_recheck(_later_in_year(work, bill), reason=f"year_to_date/{number}", now=work.now)
    return number


def decline_adjustment(*, work: BillingWork, bill_number: str, by: str) -> None:
    """Leave a bill as it is although it would be reckoned otherwise now."""
    work.bills.settle_recheck(bill_number, state="declined", settled_by=by)


def _reckon(work: BillingWork, bill: Row) -> pl.DataFrame:
    """The one item of a bill's account and period as it would be today, rated unless it is blocked."""
    month = month_of(bill)
    terms = work.tariffs.terms_of(bill["account_number"], month=month)
    item = freeze_accounts(work=work, terms=terms, service=bill["service"], month=month)
    return item if item["blocked"][0] else rate_items(item, month=month, book=work.tariffs.book)


def _finding(bill: Row, item: pl.DataFrame) -> dict[str, Any]:
    """What a new reckoning means for the bill."""
    if item["blocked"][0]:
        return {"state": "blocked", "difference_fen": None}
    difference = item["amount_fen"][0] - bill["reckoned_fen"]
    same = not difference and item["quantity"][0] == bill["quantity_units"]
    return {"state": "unchanged" if same else "proposed", "difference_fen": difference}


def _issue(work: BillingWork, bill: Row, item: pl.DataFrame) -> str:
    series = series_of(bill["service"], month_of(bill).start)
    numbers = bill_numbers(series, work.bills.take_numbers(series, 1), 1)
    before = str(to_cny(-bill["reckoned_fen"]))
    lines = [*json.loads(item["lines"][0]), ["previously_billed", "1", before, before]]
    item = item.with_columns(lines=pl.lit(json.dumps(lines, separators=(",", ":"))))
    run = {**bill, "id": f"adjustment/{bill['number']}"}
    adjusted = bills_of(work=work, run=run, items=item, numbers=numbers, version=bill["version"] + 1, replaced=bill)
    issue_bills(work=work, bills=adjusted, service=bill["service"], key=f"bill/{numbers[0]}")
    return numbers[0]


def _later_in_year(work: BillingWork, bill: Row) -> list[str]:
    """Bills of the account later in the same year: their yearly tiers start elsewhere now."""
    bills = work.bills.bills(account_number=bill["account_number"], service=bill["service"])
    replaced = {row["replaces"] for row in bills}
    later = [row for row in bills if row["period_start"] > bill["period_start"] and row["number"] not in replaced]
    return [row["number"] for row in later if row["period_start"][:4] == bill["period_start"][:4]]
