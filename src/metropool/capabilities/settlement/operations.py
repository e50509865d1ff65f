"""What settlement does with bills: note what is due, issue the combined bill, keep a resident's question."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from metropool.capabilities.settlement import accounts, payments
from metropool.capabilities.settlement.model import is_complete
from metropool.capabilities.settlement.ports import SettlementWork
from metropool.capabilities.settlement.standing import tell_standing
from metropool.core.errors import Invalid, NotFound
from metropool.core.periods import business_date
from metropool.exchange.messages import BillsIssued, late_fee_of

PATIENCE_DAYS = 5
SERVICE_ORDER = ("electricity", "water", "gas", "heat")
_PRINTED = (
    *("service", "company", "bill_number", "account_number", "usage_point", "meter_number", "period_start", "period_end"),
    *("register_start", "register_end", "multiplier", "quantity", "unit", "is_estimated", "amount_fen", "due_date"),
    *("version", "tariff"),
)


def note_bills(*, work: SettlementWork, message: BillsIssued) -> None:
    """Take a company's bills in as dues, each once; a repeat of a bill number changes nothing.

    A bill that belongs to no combined account stays between the company and its customer.

    Raises:
        Conflict: A number is that of another company's bill: it would stand in the way of that one.
    """
    for row in message.rows.to_pylist():
        if not row["combined_account"]:
            continue
        due = _due_row(row, company=message.company, heard_at=work.now.isoformat())
        if work.dues.add_due(due):
            legs = accounts.bill_heard(row["combined_account"], message.company, row["amount_fen"])
            work.ledger.post(key=f"due/{row['bill_number']}", legs=legs)
            if row["amount_fen"] < 0:
                payments.offset_note(work=work, bill_number=row["bill_number"])
    work.changed("dues")


def _due_row(row: Mapping[str, Any], *, company: str, heard_at: str) -> dict[str, Any]:
    dates = {name: row[name].isoformat() for name in ("period_start", "period_end", "due_date")}
    period = dates["period_start"][:7]
    fixed = {"paid_fen": 0, "combined_bill": None, "late_fee_of": late_fee_of(row["lines"])}
    return {**row, **dates, **fixed, "company": company, "period": period, "heard_at": heard_at}


def issue_combined_bills(*, work: SettlementWork) -> None:
    """Issue the combined bill of each account and period whose companies have all told, or that waited long enough."""
    today, issued_to = business_date(work.now), set[str]()
    for waiting in work.dues.waiting_periods():
        account, period = waiting["combined_account"], waiting["period"]
        dues = work.dues.dues(combined_account=account, period=period, combined_bill=None, late_fee_of=None)
        expected = [agreement["supplier"] for agreement in work.registry.agreements_of(combined_account=account)]
        first_heard = min(date.fromisoformat(row["heard_at"][:10]) for row in dues)
        issued = work.dues.combined_bills(combined_account=account, period=period)
        heard = [row["company"] for row in work.dues.dues(combined_account=account, period=period, late_fee_of=None)]
        patience = PATIENCE_DAYS if not issued else 0
        if is_complete(heard=heard, expected=expected, first_heard=first_heard, today=today, patience_days=patience):
            _issue(work, account, period, dues, supplement=len(issued))
            issued_to.add(account)
    tell_standing(work=work, accounts=issued_to)


def _issue(work: SettlementWork, account: str, period: str, dues: Sequence[Mapping[str, Any]], *, supplement: int) -> None:
    """Keep the combined bill of some dues, and of the late fees that are on none yet."""
    parts = sorted(dues, key=_on_bill)
    waiting = work.dues.dues(combined_account=account, combined_bill=None)
    fees = sorted((row for row in waiting if row["late_fee_of"]), key=_on_bill)
    number = work.dues.next_number(period)
    content = _canonical(
        {
            "number": number,
            "combined_account": account,
            "period": period,
            "supplement": supplement,
            "issued_at": work.now.isoformat(),
            "due_date": min(row["due_date"] for row in parts),
            "total_fen": sum(row["amount_fen"] for row in (*parts, *fees)),
            "parts": [_part_of_bill(row) for row in parts],
            "late_fees": _late_fees(fees),
        }
    )
    row = json.loads(content)
    del row["parts"], row["late_fees"]
    work.dues.issue(
        {**row, "content": content, "sha256": hashlib.sha256(content.encode()).hexdigest()},
        [row["bill_number"] for row in (*parts, *fees)],
    )
    work.changed("bills")


def _on_bill(row: Mapping[str, Any]) -> tuple[int, str]:
    return SERVICE_ORDER.index(row["service"]), row["bill_number"]


def _late_fees(fees: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A line for each late bill: what its lateness has cost since the last combined bill, from day to day."""
    lines: dict[str, dict[str, Any]] = {}
    for row in fees:
        start = {"amount_fen": 0, "numbers": [], "first_day": row["due_date"], "last_day": row["due_date"]}
        copied = {name: row[name] for name in ("service", "company", "account_number", "period")}
        line = lines.setdefault(row["late_fee_of"], {**copied, **start, "bill_number": row["late_fee_of"]})
        line["amount_fen"] += row["amount_fen"]
        line["numbers"].append(row["bill_number"])
        line["first_day"], line["last_day"] = min(line["first_day"], row["due_date"]), max(line["last_day"], row["due_date"])
    return [line for line in lines.values() if line["amount_fen"]]


def _part_of_bill(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the combined bill says of a company's bill; registers of each meter only where it was exchanged."""
    registers = {"registers": json.loads(row["registers"])} if row["registers"] else {}
    return {**{name: row[name] for name in _PRINTED}, **registers, "lines": json.loads(row["lines"])}


def _canonical(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def ask_about_bill(
    *, work: SettlementWork, question: str, combined_account: str, bill_number: str, line: int | None, text: str
) -> Mapping[str, Any]:
    """Keep a resident's question about a line of a bill for the company's answer.

    Raises:
        NotFound: Not a bill of this account.
        Invalid: Nothing asked, or more than 1,000 characters.
    """
    if not any(row["bill_number"] == bill_number for row in work.dues.dues(combined_account=combined_account)):
        raise NotFound(f"no bill {bill_number} of this account")
    if not 0 < len(text.strip()) <= 1000:
        raise Invalid("a question has 1 to 1,000 characters", key="settlement.question_length")
    row = {
        "id": question,
        "combined_account": combined_account,
        "bill_number": bill_number,
        "line": line,
        "text": text.strip(),
        "state": "received",
        "asked_at": work.now.isoformat(),
        "expected_by": (business_date(work.now) + timedelta(days=3)).isoformat(),
        "answer": None,
    }
    work.dues.add_question(row)
    return row
