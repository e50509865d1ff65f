"""What a tax invoice (发票) is issued on: money a company has received, as somebody quotes it who asks for the invoice."""

from metropool.portal.schemas.basics import Instant, Model, Month, Service, Text


class InvoiceRow(Model):
    """What one payment gave to one bill of one company, less what went back since.

    Attributes:
        company_name: The seller (销方), who issues the invoice.
        charges_fen: For what was supplied.
        late_fee_fen: For late fees (违约金) of the bill.
        amount_fen: Both together.
        reference: Of the payment.
    """

    company_name: Text
    service: Service
    account_number: str
    bill_number: str
    month: Month
    charges_fen: int
    late_fee_fen: int
    amount_fen: int
    reference: str
    paid_at: Instant


class NotYetInvoiced(Model):
    """A bill of which something is open: there is no invoice for that part before it is paid."""

    company_name: Text
    service: Service
    bill_number: str
    month: Month
    open_fen: int


class InvoiceBasis(Model):
    """What to quote to each company when asking for its tax invoice.

    Attributes:
        payment: The one payment asked about; null for all.
        bill: The one combined bill asked about; null for all.
        rows: Newest payment first.
        reason: Why there are no rows, when there are none.
    """

    account: str
    as_of: Instant
    payment: str | None
    bill: str | None
    rows: list[InvoiceRow]
    not_yet: list[NotYetInvoiced]
    reason: Text | None
