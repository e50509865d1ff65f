"""What payments do at the company: parts of combined bills told by whoever clears, and money paid here directly."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from metropool.capabilities.billing.late_fee_notes import take_back_late_fees
from metropool.capabilities.billing.model import share_payment
from metropool.capabilities.billing.ports import BillingWork
from metropool.capabilities.billing.telling import tell_payment_status
from metropool.core.errors import Invalid
from metropool.core.money import Fen
from metropool.exchange.messages import PaymentsAllocated
from metropool.facts.ledger import Entry

CLEARING = "clearing/combined_bill"


def credit_accounts(*, work: BillingWork, message: PaymentsAllocated) -> None:
    """Credit the accounts with their parts of combined-bill payments (销账); negative parts are refunds.

    Raises:
        Conflict: A reference was credited to a bill before with another amount.
    """
    parts = _summed(message.rows.to_pylist())
    entries = [Entry(f"payment/{row['reference']}/{row['bill_number']}", _credit(CLEARING, row)) for row in parts]
    if work.ledger.post_many([entry for entry in entries if entry.legs[0][1]]):
        work.bills.add_payments([_payment(row, "combined_bill", row["paid_at"]) for row in parts])
        take_back_late_fees(work=work, bill_numbers={row["bill_number"] for row in parts})
        tell_payment_status(work=work, accounts={row["account_number"] for row in parts})
        work.changed("bills")


def receive_payment(*, work: BillingWork, account_number: str, reference: str, amount_fen: Fen, way: str) -> Fen:
    """Take a payment at this company alone: the oldest bills first, what is over becomes the account's credit balance.

    Args:
        work: The unit of work.
        account_number: Whose bills are paid.
        reference: Number of the receipt; a repeat has no effect.
        amount_fen: What was paid [fen].
        way: Where the money is, such as ``counter`` or a bank's name.

    Returns:
        What went to the credit balance [fen].

    Raises:
        Invalid: Nothing or less was paid.
        Conflict: The reference was used for another account or amount.
    """
    if amount_fen <= 0:
        raise Invalid(f"a payment of {amount_fen} fen is no payment")
    total_legs = [(f"cash/{way}", amount_fen), (f"receivable/{account_number}", -amount_fen)]
    if not work.ledger.post(key=f"receipt/{way}/{reference}", legs=total_legs):
        return 0
    parts, credit = share_payment(amount_fen, work.bills.open_bills(account_number))
    if credit:
        legs = [(f"receivable/{account_number}", credit), (f"credit/{account_number}", -credit)]
        work.ledger.post(key=f"receipt/{way}/{reference}/credit", legs=legs)
    rows = [{"reference": f"{way}/{reference}", "bill_number": number, "amount_fen": fen} for number, fen in parts]
    work.bills.add_payments([_payment({**row, "account_number": account_number}, way, work.now) for row in rows])
    work.changed("bills")
    return credit


def _summed(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row for each reference and bill."""
    sums: dict[tuple[str, str], dict[str, Any]] = {}
    totals: dict[tuple[str, str], Fen] = defaultdict(int)
    for row in rows:
        key = (row["reference"], row["bill_number"])
        sums.setdefault(key, dict(row))
        totals[key] += row["amount_fen"]
    return [{**row, "amount_fen": totals[key]} for key, row in sums.items()]


def _credit(source: str, row: Mapping[str, Any]) -> list[tuple[str, Fen]]:
    return [(source, row["amount_fen"]), (f"receivable/{row['account_number']}", -row["amount_fen"])]


def _payment(row: Mapping[str, Any], way: str, paid_at: datetime) -> dict[str, Any]:
    return {
        "reference": row["reference"],
        "bill_number": row["bill_number"],
        "account_number": row["account_number"],
        "way": way,
        "amount_fen": row["amount_fen"],
        "paid_at": paid_at.isoformat(),
    }
