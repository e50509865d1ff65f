"""What billing answers: bills, runs and statements. Reads only."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from metropool.capabilities.billing.issuing import collected_for
from metropool.capabilities.billing.late_fee_notes import late_fee_of_bill
from metropool.capabilities.billing.model import digests_of_bills
from metropool.capabilities.billing.ports import BillingWork, Row
from metropool.core.errors import NotFound
from metropool.core.money import Fen
from metropool.core.periods import business_date


def bills_of(*, work: BillingWork, account_number: str) -> list[dict[str, Any]]:
    """All bills of an account, oldest first, with ``paid_fen``, ``open_fen`` and ``is_overdue``."""
    bills = work.bills.bills(account_number=account_number)
    paid = work.bills.paid([bill["number"] for bill in bills])
    return [_with_payments(bill, paid.get(bill["number"], 0), business_date(work.now)) for bill in bills]


def bill_detail(*, work: BillingWork, number: str) -> dict[str, Any]:
    """One bill with its lines, what is paid, its late fee so far, whom a part is collected for, and whether its seal is right.

    Raises:
        NotFound: No such bill.
    """
    found = work.bills.bills(number=number)
    if not found:
        raise NotFound(f"no bill {number}")
    bill = found[0]
    detail = _with_payments(bill, work.bills.paid([number]).get(number, 0), business_date(work.now))
    return detail | {
        "lines": json.loads(bill["lines"]),
        "collected_for": collected_for(bill["tariff"], work.tariffs.book),
        "is_sealed": digests_of_bills(pl.DataFrame([bill])) == [bill["sha256"]],
        "late_fee_fen": late_fee_of_bill(work=work, number=number),
    }


def run_status(*, work: BillingWork, run: str) -> dict[str, Any]:
    """A run with its state, counts, sum, and what is blocked or held and why.

    Raises:
        NotFound: No such run.
    """
    row = work.runs.run(run)
    return {**row, **work.runs.counts(run), "stopped": work.runs.stopped_items(run)}


def runs(*, work: BillingWork, service: str = "") -> list[dict[str, Any]]:
    """All runs, or those of one service, with their counts, in the order they were started."""
    found = work.runs.runs(service=service) if service else work.runs.runs()
    return [{**row, **work.runs.counts(row["id"])} for row in found]


def account_statement(*, work: BillingWork, account_number: str) -> dict[str, Any]:
    """What an account owes [fen], its credit balance [fen], and every posting with the balance after it."""
    owed = work.ledger.balance(f"receivable/{account_number}")
    credit = -work.ledger.balance(f"credit/{account_number}")
    postings = work.ledger.statement(f"receivable/{account_number}")
    return {"account_number": account_number, "balance_fen": owed, "credit_fen": credit, "postings": postings}


def proposed_adjustments(*, work: BillingWork, limit: int = 500) -> list[Row]:
    """Bills that would be reckoned otherwise now, with the difference [fen], oldest first."""
    return work.bills.rechecks(state="proposed", limit=limit)


def _with_payments(bill: Mapping[str, Any], paid_fen: Fen, today: date) -> dict[str, Any]:
    open_fen = bill["amount_fen"] - paid_fen
    overdue = open_fen > 0 and today > date.fromisoformat(bill["due_date"])
    return {**bill, "paid_fen": paid_fen, "open_fen": open_fen, "is_overdue": overdue}
