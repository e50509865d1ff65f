"""Mandates (自动缴费协议): signed by the resident at the payment channel, used for bills that fall due, ended at once."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from metropool.capabilities.settlement import attesting, payments
from metropool.capabilities.settlement.model import MandateNotice
from metropool.capabilities.settlement.ports import SettlementWork
from metropool.core.errors import Conflict, Invalid, NotFound
from metropool.core.money import Fen
from metropool.core.periods import business_date

LIVE = ("created", "pending", "signed")
"""States of a mandate that may still be used."""
OVERTAKEN, REVOKED = "overtaken", "revoked"
"""Why an automatic payment was given up before the channel was asked."""
LEAST_FEN, MOST_FEN = 1_000, 1_000_000
DAYS_BEFORE = timedelta(days=3)
"""So long before the due date a bill is paid, and at most one attempt a day is made."""
SOME = 200
"""Mandates looked at in one unit."""


def open_mandate(*, work: SettlementWork, mandate: str, combined_account: str, limit_fen: Fen, channel: str) -> Mapping[str, Any]:
    """Make a mandate for the resident to sign; the channel is told after the commit. One nobody signed makes room.

    Raises:
        Invalid: The limit of one payment is out of range.
        NotFound: No such account.
        Conflict: A mandate is signed already.
    """
    if not LEAST_FEN <= limit_fen <= MOST_FEN:
        raise Invalid(f"a limit of {limit_fen} fen is out of range", key="settlement.mandate_limit")
    if not work.registry.agreements_of(combined_account=combined_account):
        raise NotFound(f"no combined account {combined_account}")
    if work.dues.mandates(combined_account=combined_account, state="signed"):
        raise Conflict("a mandate is signed already", key="settlement.mandate_signed")
    for row in work.dues.mandates(combined_account=combined_account, state=LIVE):
        work.dues.change_mandate(row["id"], state="revoking")
    row = {"id": mandate, "combined_account": combined_account, "channel": channel, "limit_fen": limit_fen}
    work.dues.add_mandate({**row, "state": "created", "created_at": work.now.isoformat()})
    work.changed("payments")
    return work.dues.mandates(id=mandate)[0]


def note_signing_page(*, work: SettlementWork, mandate: str, redirect_url: str) -> None:
    """The channel took the mandate; the resident can be sent to it. One taken back meanwhile stays so."""
    if work.dues.mandates(id=mandate, state="created"):
        work.dues.change_mandate(mandate, state="pending", redirect_url=redirect_url)
        work.changed("payments")


def receive_mandate_notice(*, work: SettlementWork, notice: MandateNotice) -> str:
    """Take in what the channel says became of a mandate; returns ``noted`` or ``repeated``.

    A mandate the resident took back here stays so, whatever was signed there.

    Raises:
        NotFound: No such mandate.
        Invalid: Another limit than was asked for, or no state there is.
    """
    rows = work.dues.mandates(id=notice.mandate, channel=notice.channel)
    if not rows:
        raise NotFound(f"no mandate {notice.mandate}")
    if notice.limit_fen != rows[0]["limit_fen"] or notice.status not in ("signed", "declined", "revoked"):
        raise Invalid(f"notice of {notice.mandate}: {notice.status} up to {notice.limit_fen} fen is not what was asked for")
    if (
        rows[0]["state"] not in LIVE
        or rows[0]["state"] == notice.status
        or (rows[0]["state"], notice.status) == ("signed", "declined")
    ):
        return "repeated"
    work.attest(attesting.heard(notice))
    work.dues.change_mandate(
        notice.mandate, state=notice.status, reference=notice.reference, redirect_url=None, decided_at=work.now.isoformat()
    )
    work.changed("payments")
    return "noted"


def revoke_mandate(*, work: SettlementWork, mandate: str, combined_account: str) -> None:
    """End a mandate here and now: nothing is ordered under it any more; the channel is told after the commit.

    Raises:
        NotFound: No such mandate of this account.
    """
    rows = work.dues.mandates(id=mandate, combined_account=combined_account)
    if not rows:
        raise NotFound(f"no mandate {mandate} of this account")
    if rows[0]["state"] in LIVE:
        work.dues.change_mandate(mandate, state="revoking", redirect_url=None, decided_at=work.now.isoformat())
        for order in work.dues.orders(mandate=mandate, state="created"):
            work.dues.change_order(order["id"], state="failed", reason=REVOKED)
        work.changed("payments")


def note_revoked(*, work: SettlementWork, mandate: str) -> None:
    """The channel knows that the mandate has ended."""
    work.dues.change_mandate(mandate, state="revoked")


def order_automatic_payments(*, work: SettlementWork) -> datetime | None:
    """Order what falls due soon under signed mandates: each looked at once a day, not for what somebody is paying just now.

    Returns:
        Now when there may be more to look at, None when this day is done.
    """
    today = business_date(work.now)
    found = work.dues.mandates_due(today=today, until=today + DAYS_BEFORE, limit=SOME)
    for mandate in found:
        work.dues.change_mandate(mandate["id"], looked_on=today.isoformat())
        numbers, amount_fen, day = next_payment(work=work, mandate=mandate)
        if day is not None and day <= today and 0 < amount_fen <= mandate["limit_fen"]:
            _order(work, mandate, numbers, amount_fen, today)
    return work.now if len(found) == SOME else None


def _order(work: SettlementWork, mandate: Mapping[str, Any], numbers: Sequence[str], amount_fen: Fen, today: date) -> None:
    payments.add_order(
        work=work,
        order=f"A{today:%Y%m%d}-{mandate['id']}",
        combined_account=mandate["combined_account"],
        bill_numbers=numbers,
        amount_fen=amount_fen,
        channel=mandate["channel"],
        purpose=payments.AUTOMATIC,
        mandate=mandate["id"],
    )


def next_payment(*, work: SettlementWork, mandate: Mapping[str, Any]) -> tuple[list[str], Fen, date | None]:
    """The bills a mandate pays next, how much [fen] beyond what the credit balance will, and on which day; no day for nothing.

    What is due with the first due date and what falls due within the same days is paid together.
    """
    account = mandate["combined_account"]
    in_flight = payments.bills_in_flight(work, account)
    rows = [row for row in work.dues.dues(combined_account=account) if row["combined_bill"] or row["late_fee_of"]]
    rows = [row for row in rows if row["amount_fen"] > row["paid_fen"] and row["bill_number"] not in in_flight]
    if not rows:
        return [], 0, None
    day = max(business_date(work.now), date.fromisoformat(rows[0]["due_date"]) - DAYS_BEFORE)
    due = [row for row in rows if date.fromisoformat(row["due_date"]) - DAYS_BEFORE <= day]
    open_fen: Fen = sum(row["amount_fen"] - row["paid_fen"] for row in due)
    return sorted(row["bill_number"] for row in due), max(0, open_fen - work.dues.credit(account)), day


def may_charge(*, work: SettlementWork, order: str) -> Mapping[str, Any] | None:
    """The order, when it may still be charged: its mandate is signed, its bills are open and nobody pays them otherwise."""
    rows = work.dues.orders(id=order, state="created")
    if not rows or not work.dues.mandates(id=rows[0]["mandate"], state="signed"):
        return None
    numbers, account = set(rows[0]["bill_numbers"]), rows[0]["combined_account"]
    dues = work.dues.dues(combined_account=account, bill_number=sorted(numbers))
    open_fen = sum(max(0, row["amount_fen"] - row["paid_fen"]) for row in dues)
    others = payments.bills_in_flight(work, account, but=order)
    return rows[0] if rows[0]["amount_fen"] <= open_fen and not numbers & others else None


def note_charged(*, work: SettlementWork, order: str) -> None:
    """The channel took the order; its notice comes like any other."""
    if work.dues.orders(id=order, state="created"):
        work.dues.change_order(order, state="pending")


def note_not_charged(*, work: SettlementWork, order: str, reason: str) -> None:
    """Nothing was taken; what is still open is tried again the next day."""
    if work.dues.orders(id=order, state="created"):
        work.dues.change_order(order, state="failed", reason=reason)
        work.changed("payments")
