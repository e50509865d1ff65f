"""What is owed and how it is paid."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from metropool.portal.schemas.basics import Instant, Model, Month, Named, Request, Service, Text

PaymentState = Literal["pending", "succeeded", "failed", "expired", "refunded", "part_refunded"]


MandateState = Literal["pending", "signed", "declined", "revoked"]


class DueBill(Model):
    """One company bill that is owed, or whose late fee is: ``late_fee_fen`` is what of the fee is open, inside ``payable_fen``."""

    bill_number: str
    month: Month
    amount_fen: int
    paid_fen: int
    late_fee_fen: int
    payable_fen: int
    due_date: date
    overdue: bool


class DuesOfCompany(Model):
    """What is owed to one company."""

    company: str
    company_name: Text
    service: Service
    account_number: str
    payable_fen: int
    bills: list[DueBill]


class SplitPart(Model):
    """The part of a payment that falls to one bill of one company."""

    company: str
    company_name: Text
    service: Service
    bill_number: str
    is_late_fee: bool
    amount_fen: int


class RefundOfPayment(Model):
    """What of a payment went back, or is going back."""

    id: str
    amount_fen: int
    decided_at: Instant
    done: bool


class Payment(Model):
    """One payment (收费), as the platform knows it.

    Attributes:
        purpose: ``top_up`` pays no bill: all of it becomes credit (预存).
        credit_fen: What of it went to the credit balance; once it is paid, split and credit sum to the amount.
    """

    reference: str
    account: str
    purpose: Literal["bills", "top_up", "automatic"]
    state: PaymentState
    amount_fen: int
    refunded_fen: int
    refunds: list[RefundOfPayment]
    split: list[SplitPart]
    credit_fen: int
    channel: str
    channel_name: Text
    channel_reference: str | None
    redirect_url: str | None
    created_at: Instant
    expires_at: Instant
    paid_at: Instant | None
    receipt_number: str | None
    reason: Text | None


class Mandate(Model):
    """Automatic payment (自动缴费), as agreed with a payment channel.

    Attributes:
        limit_fen: Most that one payment may be.
        redirect_url: Where it is signed, while it is not.
        next_day: When the next payment is made; null while nothing is open.
        next_fen: What will be taken then, as things stand.
    """

    id: str
    account: str
    state: MandateState
    limit_fen: int
    channel: str
    channel_name: Text
    redirect_url: str | None
    decided_at: Instant | None
    next_day: date | None
    next_fen: int | None


class Dues(Model):
    """All that is owed by one combined account, and its credit balance (预存), which pays by itself on the due date."""

    account: str
    as_of: Instant
    payable_fen: int
    credit_fen: int
    due_date: date | None
    companies: list[DuesOfCompany]
    channels: list[Named]
    open_payment: Payment | None
    mandate: Mandate | None


class NewPayment(Request):
    """What a resident means to pay, by a channel or with ``balance`` out of the credit; refused when it is no longer what is owed."""

    bill_numbers: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(min_length=1, max_length=60)
    amount_fen: int = Field(ge=1, le=100_000_000)
    channel: str = Field(min_length=1, max_length=64)


class NewTopUp(Request):
    """What a resident means to put on the credit balance."""

    amount_fen: int = Field(ge=100, le=1_000_000)
    channel: str = Field(min_length=1, max_length=64)


class NewMandate(Request):
    """What a resident means to have paid automatically."""

    limit_fen: int = Field(ge=1_000, le=1_000_000)
    channel: str = Field(min_length=1, max_length=64)


class NoticeAnswer(Model):
    """What the platform tells a payment channel that notified it."""

    result: Literal["success"]
