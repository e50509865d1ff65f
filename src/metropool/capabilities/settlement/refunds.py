"""Money that goes back: asked for by one person, decided on by another, done by the channel after the commit."""

from collections.abc import Mapping
from typing import Any

from metropool.access.rights import need_second_person
from metropool.capabilities.settlement import accounts
from metropool.capabilities.settlement.credit import BALANCE
from metropool.capabilities.settlement.model import Allocation, Part, split_refund
from metropool.capabilities.settlement.payments import apply_parts
from metropool.capabilities.settlement.ports import SettlementWork
from metropool.core.errors import Conflict, Invalid, NotFound
from metropool.core.money import Fen, show_cny

GIVEN = ("ordered", "done")
"""States in which the money has left our books."""
HELD = ("asked", *GIVEN)
"""States whose amount nobody else can be given."""
LONGEST_REASON = 500


def ask_refund(*, work: SettlementWork, refund: str, order: str, amount_fen: Fen, reason: str, by: str) -> Mapping[str, Any]:
    """Ask for (part of) a payment to be given back; nothing moves until a second person says yes. The same id once.

    Args:
        work: The unit of work.
        refund: Id of the refund.
        order: The payment order it is taken out of.
        amount_fen: At most what is left of the payment, less what others have asked for already.
        reason: 1-500 characters; the channel is told it too.
        by: Login of the maker.

    Raises:
        NotFound: No such paid order.
        Conflict: More than what is left, or the id was used for another refund.
        Invalid: No reason, or nothing to give back.
    """
    asked = {"id": refund, "payment_order": order, "amount_fen": amount_fen, "reason": _reason(reason), "asked_by": by}
    known = work.dues.refunds(id=refund)
    if known:
        return _same(known[0], asked)
    if amount_fen <= 0:
        raise Invalid("a refund must be more than zero", key="settlement.refund_nothing")
    left_fen = _left_fen(work, order)
    if amount_fen > left_fen:
        values: dict[str, object] = {"left": show_cny(left_fen)}
        raise Conflict(f"{left_fen} fen of {order} can be given back", key="settlement.refund_too_much", values=values)
    work.dues.add_refund({**asked, "credit_fen": 0, "state": "asked", "asked_at": work.now.isoformat()})
    work.changed("payments")
    return work.dues.refunds(id=refund)[0]


def approve_refund(*, work: SettlementWork, refund: str, reason: str, by: str) -> None:
    """The second person's yes: postings, dues and telling the companies in this unit, the channel after the commit.

    Raises:
        NotFound: No such refund.
        Forbidden: By the person who asked for it.
        Conflict: It was decided on before.
        Invalid: No reason.
    """
    row = _to_decide(work, refund, by)
    credit_fen = _order_refund(work, row)
    work.dues.change_refund(
        refund,
        state="done" if row["channel"] == BALANCE else "ordered",
        credit_fen=credit_fen,
        approved_by=by,
        decided_at=work.now.isoformat(),
        decision_reason=_reason(reason),
    )
    given_fen = sum(one["amount_fen"] for one in work.dues.refunds(payment_order=row["payment_order"], state=GIVEN))
    work.dues.change_order(row["payment_order"], state="refunded" if given_fen >= row["paid_fen"] else "part_refunded")
    work.changed("payments")


def reject_refund(*, work: SettlementWork, refund: str, reason: str, by: str) -> None:
    """The second person's no: nothing moves, and the amount can be asked for again.

    Raises:
        NotFound: No such refund.
        Forbidden: By the person who asked for it.
        Conflict: It was decided on before.
        Invalid: No reason.
    """
    _to_decide(work, refund, by)
    said = {"rejected_by": by, "decided_at": work.now.isoformat(), "decision_reason": _reason(reason)}
    work.dues.change_refund(refund, state="rejected", **said)
    work.changed("payments")


def note_done(*, work: SettlementWork, refund: str) -> None:
    """The channel has given the money back."""
    work.dues.change_refund(refund, state="done")
    work.changed("payments")


def _reason(text: str) -> str:
    if not 0 < len(text.strip()) <= LONGEST_REASON:
        raise Invalid(f"a reason has 1 to {LONGEST_REASON} characters", key="settlement.refund_reason")
    return text.strip()


def _same(known: Mapping[str, Any], asked: Mapping[str, Any]) -> Mapping[str, Any]:
    if any(known[name] != value for name, value in asked.items()):
        raise Conflict(f"refund {known['id']} was asked for with other content", key="settlement.refund_differs")
    return known


def _left_fen(work: SettlementWork, order: str) -> Fen:
    """What of a payment nobody has been given or asked for."""
    paid = next((row for row in work.dues.orders(id=order) if row["reference"] is not None), None)
    if paid is None:
        raise NotFound(f"no paid order {order}", key="settlement.refund_unpaid")
    amount_fen: Fen = paid["amount_fen"]
    held = work.dues.refunds(payment_order=order, state=HELD)
    with_companies: Fen = sum(part["amount_fen"] for part in work.dues.parts_of(order))
    there_fen = with_companies + _credit_left_fen(work, order, paid["combined_account"], amount_fen)
    waiting_fen: Fen = sum(row["amount_fen"] for row in held if row["state"] == "asked")
    held_fen: Fen = sum(row["amount_fen"] for row in held)
    return min(amount_fen - held_fen, there_fen - waiting_fen)


def _to_decide(work: SettlementWork, refund: str, by: str) -> Mapping[str, Any]:
    rows = work.dues.refunds(id=refund)
    if not rows:
        raise NotFound(f"no refund {refund}")
    need_second_person(maker=rows[0]["asked_by"], checker=by)
    if rows[0]["state"] != "asked":
        raise Conflict(f"refund {refund} is {rows[0]['state']}: nothing to decide", key="settlement.refund_decided")
    return rows[0]


def _order_refund(work: SettlementWork, row: Mapping[str, Any]) -> Fen:
    """Post it, open the bills again, tell the companies; returns what came out of the credit balance [fen]."""
    refund, order, amount_fen = row["id"], row["payment_order"], row["amount_fen"]
    account, channel = row["combined_account"], row["channel"]
    taken = _take_back(work, row)
    if channel == BALANCE:
        back = Allocation(parts=taken.parts, credit_fen=amount_fen)
        work.ledger.post(key=f"refund/{refund}", legs=accounts.without_money(account, back))
    else:
        back = Allocation(parts=taken.parts, credit_fen=-taken.credit_fen)
        work.ledger.post(key=f"refund/{refund}", legs=accounts.refund(account, channel, taken, amount_fen))
    work.dues.add_credit(account, back.credit_fen)
    apply_parts(work=work, parts=taken.parts, order=order, reference=refund, paid_at=work.now)
    return taken.credit_fen


def _take_back(work: SettlementWork, row: Mapping[str, Any]) -> Allocation:
    """Where the money is taken from: what is over first, then the companies by what they have of it."""
    given: dict[str, Part] = {}
    parts = work.dues.parts_of(row["payment_order"])
    for part in parts:
        so_far = given[part["bill_number"]].amount_fen if part["bill_number"] in given else 0
        given[part["bill_number"]] = Part(
            bill_number=part["bill_number"],
            company=part["company"],
            account_number=part["account_number"],
            amount_fen=so_far + part["amount_fen"],
        )
    before = work.dues.refunds(payment_order=row["payment_order"], state=GIVEN)
    return split_refund(
        amount_fen=row["amount_fen"],
        parts=list(given.values()),
        credit_fen=_credit_left_fen(work, row["payment_order"], row["combined_account"], row["paid_fen"]),
        refunded_fen=sum(one["amount_fen"] for one in before),
    )


def _credit_left_fen(work: SettlementWork, order: str, combined_account: str, paid_fen: Fen) -> Fen:
    """What of a payment went to the credit balance and has not been given back or used since."""
    shared_fen = sum(part["amount_fen"] for part in work.dues.parts_of(order) if part["amount_fen"] > 0)
    before = work.dues.refunds(payment_order=order, state=GIVEN)
    given_fen: Fen = paid_fen - shared_fen - sum(one["credit_fen"] for one in before)
    return min(max(0, given_fen), work.dues.credit(combined_account))
