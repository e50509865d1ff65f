"""What settlement does with money that comes in: open payments, take notices in, allocate."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from metropool.capabilities.settlement import accounts, attesting
from metropool.capabilities.settlement.model import Due, Part, PaymentNotice, allocate, check_notice, offset
from metropool.capabilities.settlement.ports import SettlementWork
from metropool.capabilities.settlement.standing import tell_standing
from metropool.core.errors import Conflict, NotFound
from metropool.core.money import Fen
from metropool.exchange.messages import ROWS, PaymentsAllocated

BILLS, TOP_UP, AUTOMATIC = "bills", "top_up", "automatic"
"""What a payment order is for."""
ORDER_LIVES = timedelta(hours=24)
SEEN_WITHIN = timedelta(hours=24)
"""A payer may have read the amount so long ago: late fees younger than this may be left out of a payment and stay due."""


def open_payment(
    *, work: SettlementWork, order: str, combined_account: str, bill_numbers: Sequence[str], amount_fen: Fen, channel: str
) -> Mapping[str, Any]:
    """Make a payment order for some of an account's company bills; the channel is told after the commit.

    Args:
        work: The unit of work.
        order: Id of the new order.
        combined_account: Whose bills.
        bill_numbers: Company bills to pay, with what is open of their late fees: all three, or one company alone.
        amount_fen: What the payer saw: what is open, or what was before the late fees of the last day.
        channel: Payment channel.

    Raises:
        NotFound: A bill is not this account's.
        Conflict: What is open has changed since the payer saw it, or nothing is open.
    """
    dues = wanted_dues(work, combined_account, set(bill_numbers))
    check_not_automatic(work, combined_account, dues)
    open_fen = sum(row["amount_fen"] - row["paid_fen"] for row in dues)
    if not open_fen - _grown_fen(dues, since=work.now - SEEN_WITHIN) <= amount_fen <= open_fen or amount_fen <= 0:
        raise Conflict(f"{open_fen} fen are open, not {amount_fen}", key="settlement.dues_changed", values={"open_fen": open_fen})
    numbers = sorted(row["bill_number"] for row in dues)
    return add_order(
        work=work, order=order, combined_account=combined_account, bill_numbers=numbers, amount_fen=amount_fen, channel=channel
    )


def add_order(
    *,
    work: SettlementWork,
    order: str,
    combined_account: str,
    bill_numbers: Sequence[str],
    amount_fen: Fen,
    channel: str,
    purpose: str = BILLS,
    mandate: str | None = None,
) -> Mapping[str, Any]:
    """Keep a new payment order; a channel is told of it after the commit."""
    row = {
        "id": order,
        "combined_account": combined_account,
        "purpose": purpose,
        "mandate": mandate,
        "bill_numbers": list(bill_numbers),
        "amount_fen": amount_fen,
        "channel": channel,
        "state": "created",
        "created_at": work.now.isoformat(),
        "expires_at": (work.now + ORDER_LIVES).isoformat(),
    }
    work.dues.add_order(row)
    work.changed("payments")
    return row


def wanted_dues(work: SettlementWork, combined_account: str, bill_numbers: set[str]) -> list[Mapping[str, Any]]:
    """The dues that are asked for, and the open late fees of those bills."""
    rows = work.dues.dues(combined_account=combined_account)
    if not bill_numbers or not bill_numbers <= {row["bill_number"] for row in rows}:
        raise NotFound("not every bill belongs to this account")
    is_open = {row["bill_number"] for row in rows if row["amount_fen"] > row["paid_fen"]}
    fees = {row["bill_number"] for row in rows if row["late_fee_of"] in bill_numbers} & is_open
    return [row for row in rows if row["bill_number"] in bill_numbers | fees]


def bills_in_flight(work: SettlementWork, combined_account: str, *, but: str = "") -> set[str]:
    """Bills a payment (but one) was opened for that has not ended."""
    orders = work.dues.orders(combined_account=combined_account, state=("created", "pending"))
    return {number for order in orders if order["id"] != but for number in order["bill_numbers"]}


def check_not_automatic(work: SettlementWork, combined_account: str, dues: Sequence[Mapping[str, Any]]) -> None:
    """Nobody pays by hand what is being taken under a mandate at this moment."""
    orders = work.dues.orders(combined_account=combined_account, purpose=AUTOMATIC, state=("created", "pending"))
    taken = {number for order in orders for number in order["bill_numbers"]}
    if taken & {row["bill_number"] for row in dues}:
        raise Conflict("these bills are being paid automatically just now", key="settlement.automatic_under_way")


def _grown_fen(dues: Sequence[Mapping[str, Any]], *, since: datetime) -> Fen:
    """What of the dues are late fees heard of since a moment, still open [fen]."""
    new = [row for row in dues if row["late_fee_of"] and row["heard_at"] > since.isoformat()]
    return sum(max(0, row["amount_fen"] - row["paid_fen"]) for row in new)


def note_redirect(*, work: SettlementWork, order: str, redirect_url: str) -> None:
    """The channel took the order; the payer can be sent to it."""
    work.dues.change_order(order, state="pending", redirect_url=redirect_url)


def receive_notice(*, work: SettlementWork, notice: PaymentNotice) -> str:
    """Take a signed notice in: one effect, however often it comes.

    Returns:
        What to answer the channel: ``posted``, ``repeated`` or ``noted``.

    Raises:
        NotFound: No such order.
        Invalid: Another amount or currency than ordered; nothing is posted.
    """
    orders = work.dues.orders(id=notice.order)
    if not orders or orders[0]["channel"] != notice.channel:
        raise NotFound(f"no payment order {notice.order}")
    order = orders[0]
    check_notice(notice=notice, order_amount_fen=order["amount_fen"])
    first = work.dues.note_notice(
        channel=notice.channel, reference=notice.reference, order=notice.order, outcome=notice.status, now=work.now
    )
    if not first:
        return "repeated"
    work.attest(attesting.heard(notice))
    if notice.status != "paid":
        if order["state"] in ("created", "pending"):
            work.dues.change_order(notice.order, state="failed", reason=notice.status)
        return "noted"
    _post_payment(work, order, notice)
    return "posted"


def _post_payment(work: SettlementWork, order: Mapping[str, Any], notice: PaymentNotice) -> None:
    wanted = set(order["bill_numbers"])
    dues = [due_of(row) for row in work.dues.dues(combined_account=order["combined_account"]) if row["bill_number"] in wanted]
    allocation = allocate(amount_fen=notice.amount_fen, dues=dues)
    key = f"payment/{notice.channel}/{notice.reference}"
    work.ledger.post(key=key, legs=accounts.payment(order["combined_account"], notice.channel, allocation))
    work.dues.add_credit(order["combined_account"], allocation.credit_fen)
    paid_at = _paid_at(work, order, notice)
    apply_parts(work=work, parts=allocation.parts, order=order["id"], reference=notice.reference, paid_at=paid_at)
    if order["state"] in ("paid", "part_refunded", "refunded"):
        return
    work.dues.change_order(order["id"], state="paid", reference=notice.reference, paid_at=paid_at.isoformat(), reason=None)


def _paid_at(work: SettlementWork, order: Mapping[str, Any], notice: PaymentNotice) -> datetime:
    """When it was paid as the channel signed it: not before the order was made, not after now."""
    made_at = datetime.fromisoformat(order["created_at"]).astimezone(UTC)
    return work.now if notice.paid_at is None else min(max(notice.paid_at, made_at), work.now)


def offset_note(*, work: SettlementWork, bill_number: str) -> None:
    """Settle a bill of less than nothing against what the account owes the same company; what is over becomes credit."""
    (row,) = work.dues.dues(bill_number=bill_number)
    account, fee_of = row["combined_account"], row["late_fee_of"]
    owed = work.dues.dues(combined_account=account, company=row["company"])
    same = [due_of(other) for other in owed if fee_of and other["late_fee_of"] == fee_of]
    others = [due_of(other) for other in owed if not fee_of or other["late_fee_of"] != fee_of]
    allocation = offset(note=due_of(row), same_bill=same, others=others)
    key = f"offset/{bill_number}"
    work.ledger.post(key=key, legs=accounts.without_money(account, allocation))
    work.dues.add_credit(account, allocation.credit_fen)
    apply_parts(work=work, parts=allocation.parts, order=key, reference=key, paid_at=work.now)


def apply_parts(*, work: SettlementWork, parts: Sequence[Part], order: str, reference: str, paid_at: datetime) -> None:
    """Note what a payment, refund or offset gives to bills, change the dues, tell each company its own."""
    work.dues.add_parts(
        [
            {
                "reference": reference,
                "bill_number": part.bill_number,
                "payment_order": order,
                "company": part.company,
                "account_number": part.account_number,
                "amount_fen": part.amount_fen,
            }
            for part in parts
        ]
    )
    for part in parts:
        work.dues.pay_due(part.bill_number, part.amount_fen)
    for company in sorted({part.company for part in parts}):
        rows = [part for part in parts if part.company == company]
        work.tell(
            PaymentsAllocated(company=company, rows=_allocated_rows(rows, reference=reference, paid_at=paid_at)),
            key=f"payment/{reference}/{company}",
            to=company,
        )
    tell_standing(work=work, accounts=_accounts_of(work, parts))
    work.changed("payments")
    work.changed("dues")


def _accounts_of(work: SettlementWork, parts: Sequence[Part]) -> set[str]:
    """The combined account whose bills these are parts of."""
    found = work.dues.dues(bill_number=parts[0].bill_number) if parts else []
    return {row["combined_account"] for row in found}


def _allocated_rows(parts: Sequence[Part], *, reference: str, paid_at: datetime) -> pa.Table:
    rows = [
        {
            "reference": reference,
            "account_number": part.account_number,
            "bill_number": part.bill_number,
            "amount_fen": part.amount_fen,
            "paid_at": paid_at,
        }
        for part in parts
    ]
    return pa.Table.from_pylist(rows, schema=ROWS[PaymentsAllocated])


def expire_orders(*, work: SettlementWork) -> None:
    """Close orders nobody paid in time; a notice that still comes is posted all the same."""
    for order in work.dues.orders(state=("created", "pending")):
        if order["expires_at"] < work.now.isoformat():
            work.dues.change_order(order["id"], state="expired")
            work.changed("payments")


def due_of(row: Mapping[str, Any]) -> Due:
    """A due as allocation looks at it."""
    return Due(
        bill_number=row["bill_number"],
        company=row["company"],
        service=row["service"],
        account_number=row["account_number"],
        amount_fen=row["amount_fen"],
        paid_fen=row["paid_fen"],
        due_date=date.fromisoformat(row["due_date"]),
    )
