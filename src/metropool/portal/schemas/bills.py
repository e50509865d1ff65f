"""Bills: a company's, and the combined one (三单合一)."""

from datetime import date
from typing import Literal

from pydantic import Field

from metropool.portal.schemas.basics import Address, Exact, Instant, Model, Month, PersonName, Request, Service, Text

BillState = Literal["open", "part_paid", "paid", "overdue", "replaced"]
Cause = Literal["usage", "price", "days", "fixed", "other"]


class BillLine(Model):
    """One line: quantity x price = amount; ``amount_exact`` before the rounding step."""

    line: int
    name: Text
    detail: Text | None = None
    quantity: Exact | None
    unit: str | None
    price: Exact | None
    amount_exact: Exact
    amount_fen: int


class PartSummary(Model):
    """What one service came to."""

    service: Service
    amount_fen: int
    quantity: Exact
    unit: str


class HistoryPart(PartSummary):
    """What one service came to in one month of the history."""

    is_estimated: bool


class MeterOfBill(Model):
    """One of several meters of a period (换表), with its registers at the edges of its part.

    Attributes:
        since: First day of the period, or the day it was put in.
        to: The day it was taken out; null for the last one.
        quantity: What it counted, times the multiplier; null where a register is not known or went through zero.
    """

    meter_number: str
    start: Exact | None
    end: Exact | None
    since: date
    to: date | None
    quantity: Exact | None


class BillPart(PartSummary):
    """One company's bill inside the combined bill."""

    company: str
    company_name: Text
    account_number: str
    meter_number: str
    bill_number: str
    version: int
    tariff: Text
    register_start: Exact | None
    register_end: Exact | None
    register_start_at: Instant | None
    register_end_at: Instant | None
    meters: tuple[MeterOfBill, ...] = ()
    multiplier: Exact
    is_estimated: bool
    estimated_share: float | None
    lines: list[BillLine]
    paid_fen: int
    due_date: date


class LateFeeOfBill(Model):
    """What the lateness of an earlier bill has cost since the last combined bill (违约金)."""

    service: Service
    company: str
    company_name: Text
    account_number: str
    bill_number: str
    month: Month
    first_day: date
    last_day: date
    amount_fen: int
    paid_fen: int


class BillSummaryBase(Model):
    """What the list and the bill itself both say."""

    number: str
    month: Month
    period_start: date
    period_end: date
    issued_at: Instant
    due_date: date
    state: BillState
    total_fen: int
    paid_fen: int
    estimated_parts: int


class BillSummary(BillSummaryBase):
    """One combined bill in the list."""

    parts: list[PartSummary]


class MonthCompared(Model):
    """An earlier month beside this one."""

    month: Month
    total_fen: int
    parts: list[PartSummary]


class MonthOfHistory(Model):
    """One of the 13 months; ``parts`` empty when there was no bill."""

    month: Month
    parts: list[HistoryPart]


class WhyChanged(Model):
    """One step from last month's total to this one's."""

    service: Service
    cause: Cause
    label: Text
    delta_fen: int


class BillQuestion(Model):
    """A resident's question about a line."""

    id: str
    bill_number: str
    line: int | None
    text: str
    state: Literal["received", "answered"]
    asked_at: Instant
    expected_by: date
    answer: str | None


class AskAboutBill(Request):
    """What a resident asks about a bill; ``line`` null is the bill as a whole."""

    bill_number: str = Field(min_length=1, max_length=64)
    line: int | None = Field(default=None, ge=1, le=1000)
    text: str = Field(min_length=1, max_length=1000)


class CombinedBill(BillSummaryBase):
    """One home's bill from the companies that supply it."""

    account: str
    name: PersonName
    address: Address
    as_of: Instant
    parts: list[BillPart]
    late_fees: list[LateFeeOfBill]
    last_month: MonthCompared | None
    last_year: MonthCompared | None
    history: list[MonthOfHistory]
    why: list[WhyChanged]
    questions: list[BillQuestion]


class CompanyOverview(Model):
    """A company's billing month; ``ledger_sum_fen`` is 0 or the books are wrong."""

    as_of: Instant
    month: Month
    months: list[Month]
    service: Service
    bills: int
    amount_fen: int
    paid_fen: int
    overdue_fen: int
    estimated_bills: int
    blocked: int
    previous_amount_fen: int | None
    ledger_sum_fen: int


class CompanyBillRow(Model):
    """One bill in a company's list."""

    bill_number: str
    version: int
    account_number: str
    name: PersonName
    meter_number: str
    month: Month
    period_start: date
    period_end: date
    quantity: Exact
    unit: str
    is_estimated: bool
    amount_fen: int
    paid_fen: int
    due_date: date
    state: BillState


class PaymentOfBill(Model):
    """A payment that reached this bill."""

    reference: str
    amount_fen: int
    paid_at: Instant


class Provenance(Model):
    """From which versions the bill was made."""

    readings_snapshot: str
    installation_version: str
    rules_version: str


class CompanyBill(CompanyBillRow):
    """One bill with how it was worked out."""

    address: Address
    tariff: Text
    register_start: Exact | None
    register_end: Exact | None
    register_start_at: Instant | None
    register_end_at: Instant | None
    meters: tuple[MeterOfBill, ...] = ()
    multiplier: Exact
    lines: list[BillLine]
    payments: list[PaymentOfBill]
    provenance: Provenance
    service: Service
    company_name: Text
    issued_at: Instant
    late_fee_fen: int
