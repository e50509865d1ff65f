"""Pure decisions of settlement: which bills make a combined bill, and who gets what of a payment."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from metropool.core.errors import Conflict, Invalid
from metropool.core.money import Fen, split_fen


@dataclass(frozen=True)
class Due:
    """What an account owes one company for one bill.

    Attributes:
        open_fen: Not yet paid.
    """

    bill_number: str
    company: str
    service: str
    account_number: str
    amount_fen: Fen
    paid_fen: Fen
    due_date: date

    @property
    def open_fen(self) -> Fen:
        """What is still to be paid [fen]."""
        return self.amount_fen - self.paid_fen


@dataclass(frozen=True)
class Part:
    """The part of a payment that falls to one company bill; negative when it goes back."""

    bill_number: str
    company: str
    account_number: str
    amount_fen: Fen


@dataclass(frozen=True)
class Allocation:
    """A payment shared among bills, and what is over."""

    parts: tuple[Part, ...]
    credit_fen: Fen


def is_complete(*, heard: Sequence[str], expected: Sequence[str], first_heard: date, today: date, patience_days: int) -> bool:
    """Whether a combined bill can be issued: every service with an agreement has told its bill, or patience is over."""
    return set(expected) <= set(heard) or (today - first_heard).days >= patience_days


def allocate(*, amount_fen: Fen, dues: Sequence[Due]) -> Allocation:
    """Share a payment (销账): oldest due date first; bills due the same day get shares by what is open.

    Args:
        amount_fen: What was paid, more than zero.
        dues: Open dues the payment is for.

    Raises:
        Invalid: The amount is not more than zero.
    """
    if amount_fen <= 0:
        raise Invalid("a payment must be more than zero")
    left = amount_fen
    parts: list[Part] = []
    for due_date in sorted({due.due_date for due in dues if due.open_fen > 0}):
        group = sorted((d for d in dues if d.due_date == due_date and d.open_fen > 0), key=lambda d: d.bill_number)
        shares = _shares(left, group)
        parts.extend(_part(due, share) for due, share in zip(group, shares, strict=True) if share)
        left -= sum(shares)
    return Allocation(parts=tuple(parts), credit_fen=left)


def offset(*, note: Due, same_bill: Sequence[Due], others: Sequence[Due]) -> Allocation:
    """Settle a bill of less than nothing: first against what is open of the same bill's, then of the company's others.

    Args:
        note: Its open amount is below zero.
        same_bill: Late fees of the bill the note takes something back for.
        others: The company's other dues of the account.

    Returns:
        Parts that sum with ``credit_fen`` to nothing; the note's own part is negative, what is over is credit.
    """
    first = allocate(amount_fen=-note.open_fen, dues=same_bill)
    rest = allocate(amount_fen=first.credit_fen, dues=others) if first.credit_fen else first
    parts = first.parts if rest is first else (*first.parts, *rest.parts)
    return Allocation(parts=(*parts, _part(note, note.open_fen)), credit_fen=rest.credit_fen)


def _shares(amount_fen: Fen, group: Sequence[Due]) -> list[Fen]:
    total = sum(due.open_fen for due in group)
    if amount_fen >= total:
        return [due.open_fen for due in group]
    return split_fen(amount_fen, [due.open_fen for due in group]) if amount_fen else [0] * len(group)


def _part(due: Due, share: Fen) -> Part:
    return Part(bill_number=due.bill_number, company=due.company, account_number=due.account_number, amount_fen=share)


def split_refund(*, amount_fen: Fen, parts: Sequence[Part], credit_fen: Fen, refunded_fen: Fen) -> Allocation:
    """Take a refund out of a payment: first what was over, then each company by what it was given.

    Args:
        amount_fen: To give back, more than zero.
        parts: What the payment gave to companies, less what came back from them already.
        credit_fen: What of the payment is still in the credit balance.
        refunded_fen: Already given back.

    Returns:
        Negative parts, and the (positive) amount taken from the credit balance.

    Raises:
        Conflict: More than what is left of the payment.
    """
    left = sum(part.amount_fen for part in parts) + credit_fen
    if amount_fen <= 0:
        raise Invalid("a refund must be more than zero")
    if amount_fen > left:
        raise Conflict(f"only {left} fen of this payment can be given back; {refunded_fen} fen were")
    from_credit = min(amount_fen, credit_fen)
    rest = amount_fen - from_credit
    given = [part for part in parts if part.amount_fen > 0]
    shares = split_fen(rest, [part.amount_fen for part in given]) if rest else []
    back = [
        Part(bill_number=p.bill_number, company=p.company, account_number=p.account_number, amount_fen=-share)
        for p, share in zip(given, shares, strict=False)
        if share
    ]
    return Allocation(parts=tuple(back), credit_fen=from_credit)


@dataclass(frozen=True)
class PaymentNotice:
    """What a payment channel says happened to an order, its signature already checked.

    Attributes:
        channel: Which channel.
        reference: The channel's own reference of the payment; the key of its one effect.
        order: Our order.
        status: ``paid`` or ``failed``.
        paid_at: When the payer paid, as the channel signed it; None where it does not say.
        wire: The notice as the channel signed it (see ``Wire``).
    """

    channel: str
    reference: str
    order: str
    amount_fen: Fen
    currency: str
    status: str
    paid_at: datetime | None = None
    wire: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True)
class MandateNotice:
    """What a payment channel says became of a mandate, its signature already checked.

    Attributes:
        status: ``signed``, ``declined`` or ``revoked``.
        wire: The notice as the channel signed it (see ``Wire``).
    """

    channel: str
    reference: str
    mandate: str
    limit_fen: Fen
    status: str
    wire: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True)
class Wire:
    """What was said to a channel and what it answered, each as bytes: what was signed, the signature, the body."""

    said: bytes
    answered: bytes


class Refused(Conflict):
    """A channel refused, in an answer that it signed.

    Args:
        what: Why.
        wire: The order and the refusal.
    """

    def __init__(self, what: str, *, wire: Wire) -> None:
        super().__init__(what)
        self.wire = wire


def check_notice(*, notice: PaymentNotice, order_amount_fen: Fen) -> None:
    """Hold a notice to the order it speaks of.

    Raises:
        Invalid: Another currency or another amount than ordered: nothing is posted, an alarm is due.
    """
    if notice.currency != "CNY":
        raise Invalid(f"notice {notice.reference}: {notice.currency} is not the order's currency")
    if notice.amount_fen != order_amount_fen:
        raise Invalid(f"notice {notice.reference}: {notice.amount_fen} fen were notified, {order_amount_fen} ordered")
