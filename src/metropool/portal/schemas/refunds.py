"""Money that goes back: asked for by one person, decided on by another."""

from typing import Literal

from pydantic import Field

from metropool.portal.schemas.basics import Instant, Model, Request, Text
from metropool.portal.schemas.commands import Reason

RefundState = Literal["asked", "ordered", "done", "rejected"]


class Refund(Model):
    """One refund (退款); ``ordered`` until the payment channel has given the money back.

    Attributes:
        payment: Reference of the payment it is taken out of.
        payment_fen: What that payment was.
    """

    id: str
    payment: str
    account: str
    state: RefundState
    amount_fen: int
    payment_fen: int
    reason: str
    asked_by: str
    asked_at: Instant
    approved_by: str | None
    rejected_by: str | None
    decided_at: Instant | None
    decision_reason: str | None
    channel: str
    channel_name: Text


class NewRefund(Request):
    """What a cashier asks to be given back; refused when it is more than what is left of the payment."""

    payment: str = Field(min_length=1, max_length=64)
    amount_fen: int = Field(ge=1, le=100_000_000)
    reason: Reason
