"""What the portal asks of tax invoices."""

from typing import Protocol

from metropool.portal.schemas.invoices import InvoiceBasis


class InvoicesDesk(Protocol):
    """What was paid to whom, as one quotes it for a tax invoice (settlement)."""

    def basis(self, *, account: str, payment: str | None, bill: str | None) -> InvoiceBasis:
        """Of one payment, of one combined bill, or of all; ``NotFound`` when either is not this account's."""
        ...
