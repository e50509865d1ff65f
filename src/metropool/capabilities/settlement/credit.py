"""The credit balance of a combined account (预存): topped up through a channel, used on the due date or when its holder says so."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from metropool.capabilities.settlement import accounts, payments
from metropool.capabilities.settlement.model import Allocation, allocate
from metropool.capabilities.settlement.ports import SettlementWork
from metropool.core.errors import Conflict, Invalid, NotFound
from metropool.core.money import Fen
from metropool.core.periods import business_date

BALANCE = "balance"
"""Stands for the channel of a payment that moves no money."""
LEAST_FEN, MOST_FEN = 100, 1_000_000
SOME = 200
"""Accounts paid for in one unit."""


def open_top_up(*, work: SettlementWork, order: str, combined_account: str, amount_fen: Fen, channel: str) -> Mapping[str, Any]:
    """Make a payment order for no bill: what is paid becomes the account's credit.

    Raises:
        Invalid: Less or more than can be topped up at once.
        NotFound: No such account.
    """
    if not LEAST_FEN <= amount_fen <= MOST_FEN:
        raise Invalid(f"{amount_fen} fen cannot be topped up at once", key="settlement.top_up_amount")
    if not work.registry.agreements_of(combined_account=combined_account):
        raise NotFound(f"no combined account {combined_account}")
    return payments.add_order(
        work=work,
        order=order,
        combined_account=combined_account,
        bill_numbers=(),
        amount_fen=amount_fen,
        channel=channel,
        purpose=payments.TOP_UP,
    )


def pay_from_credit(
    *, work: SettlementWork, order: str, combined_account: str, bill_numbers: Sequence[str], most_fen: Fen
) -> Mapping[str, Any]:
    """Pay bills and their late fees out of the credit balance, as far as it goes and not above ``most_fen``; the rest stays due.

    Raises:
        NotFound: A bill is not this account's.
        Conflict: There is no credit, or nothing is open.
    """
    rows = payments.wanted_dues(work, combined_account, set(bill_numbers))
    dues = [payments.due_of(row) for row in rows]
    payments.check_not_automatic(work, combined_account, rows)
    amount_fen = min(most_fen, work.dues.credit(combined_account), sum(max(0, due.open_fen) for due in dues))
    if amount_fen <= 0:
        raise Conflict("there is nothing to pay, or nothing to pay it from", key="settlement.no_credit")
    parts = allocate(amount_fen=amount_fen, dues=dues).parts
    payments.add_order(
        work=work,
        order=order,
        combined_account=combined_account,
        bill_numbers=[part.bill_number for part in parts],
        amount_fen=amount_fen,
        channel=BALANCE,
    )
    work.dues.change_order(order, state="paid", reference=order, paid_at=work.now.isoformat())
    allocation = Allocation(parts=parts, credit_fen=-amount_fen)
    work.ledger.post(key=f"payment/{BALANCE}/{order}", legs=accounts.without_money(combined_account, allocation))
    work.dues.add_credit(combined_account, -amount_fen)
    payments.apply_parts(work=work, parts=parts, order=order, reference=order, paid_at=work.now)
    return work.dues.orders(id=order)[0]


def use_credit(*, work: SettlementWork) -> datetime | None:
    """On the due date, and after it, take what is open out of the credit balances; not what somebody is paying just now.

    Returns:
        Now when there may be more accounts, None when all are done.
    """
    today, paid = business_date(work.now), 0
    found = work.dues.accounts_with_credit_due(day=today, limit=SOME)
    for account in found:
        in_flight = payments.bills_in_flight(work, account)
        rows = work.dues.dues(combined_account=account)
        due = [row["bill_number"] for row in rows if row["due_date"] <= today.isoformat() and row["bill_number"] not in in_flight]
        is_open = {row["bill_number"] for row in rows if row["amount_fen"] > row["paid_fen"]}
        if numbers := sorted(is_open & set(due)):
            order = f"B{today:%Y%m%d}-{work.ids.fresh_id()[:12]}"
            credit_fen = work.dues.credit(account)
            pay_from_credit(work=work, order=order, combined_account=account, bill_numbers=numbers, most_fen=credit_fen)
            paid += 1
    return work.now if paid and len(found) == SOME else None
