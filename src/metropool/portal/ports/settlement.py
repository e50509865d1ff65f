"""What the portal asks of settlement: combined bills, payments, refunds."""

from collections.abc import Sequence
from typing import Protocol

from metropool.portal.ports.asked import Asked
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.bills import AskAboutBill, BillQuestion, BillState, BillSummary, CombinedBill
from metropool.portal.schemas.invoices import InvoiceBasis
from metropool.portal.schemas.paying import Dues, Mandate, NewMandate, NewPayment, NewTopUp, NoticeAnswer, Payment
from metropool.portal.schemas.refunds import NewRefund, Refund
from metropool.portal.schemas.resident import Alert as HomeAlert
from metropool.portal.schemas.resident import DueNow, Household


class HouseholdsDesk(Protocol):
    """Combined bills, dues and payments of combined accounts (settlement)."""

    def households(self, *, accounts: Sequence[str]) -> list[Household]: ...

    def due_now(self, *, account: str) -> DueNow: ...

    def bills(self, *, account: str, state: BillState | None, asked: Asked) -> Page[BillSummary]:
        """Newest first unless asked otherwise."""
        ...

    def bill(self, *, account: str, number: str) -> CombinedBill:
        """The bill of that number; ``latest`` is the newest."""
        ...

    def dues(self, *, account: str) -> Dues: ...

    def payments(self, *, account: str, asked: Asked) -> Page[Payment]: ...

    def payment(self, *, account: str, reference: str) -> Payment: ...

    def ask_about_bill(self, *, account: str, number: str, question: AskAboutBill, by: str) -> BillQuestion:
        """Operation: keep a resident's question."""
        ...

    def pay(self, *, account: str, wanted: NewPayment, by: str, return_url: str) -> Payment:
        """Operation: open a payment order with the channel; ``Conflict`` when ``wanted`` is no longer what is owed."""
        ...

    def top_up(self, *, account: str, wanted: NewTopUp) -> Payment:
        """Operation: open a payment order whose money becomes the account's credit."""
        ...

    def alerts(self, *, account: str) -> list[HomeAlert]: ...

    def mandate(self, *, account: str, mandate: str) -> Mandate: ...

    def open_mandate(self, *, account: str, wanted: NewMandate) -> Mandate:
        """Operation: make a mandate that the resident signs at the channel; ``Conflict`` when one is signed already."""
        ...

    def revoke_mandate(self, *, account: str, mandate: str) -> Mandate:
        """Operation: end a mandate here and now."""
        ...

    def hear_mandate_notice(self, *, channel: str, path: str, timestamp: str, signature: str, body: bytes) -> NoticeAnswer:
        """Operation: a payment channel's notice about a mandate, as ``hear_notice``."""
        ...

    def hear_notice(self, *, channel: str, path: str, timestamp: str, signature: str, body: bytes) -> NoticeAnswer:
        """Operation: a payment channel's notice, once in effect.

        Args:
            channel: Its id.
            path: Path of the request, signed with the rest.
            timestamp: Header ``X-Timestamp``.
            signature: Header ``X-Signature``.
            body: As it came.

        Raises:
            Forbidden: The signature, the merchant, the amount or the time is wrong.
        """
        ...


class RefundsDesk(Protocol):
    """Refunds, asked for by one person and decided on by another (settlement)."""

    def refunds(self, *, state: str | None, asked: Asked) -> Page[Refund]:
        """Newest first unless asked otherwise."""
        ...

    def refund(self, *, refund: str) -> Refund: ...

    def ask(self, *, wanted: NewRefund, by: str) -> Refund:
        """Operation: ask for a refund; ``Conflict`` when it is more than what is left of the payment."""
        ...

    def decide(self, *, refund: str, approve: bool, reason: str, by: str) -> Refund:
        """Operation: the second person's word; ``Forbidden`` to who asked, ``Conflict`` when it was decided on before."""
        ...


class InvoicesDesk(Protocol):
    """What was paid to whom, as one quotes it for a tax invoice (settlement)."""

    def basis(self, *, account: str, payment: str | None, bill: str | None) -> InvoiceBasis:
        """Of one payment, of one combined bill, or of all; ``NotFound`` when either is not this account's."""
        ...
