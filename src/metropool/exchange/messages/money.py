"""Customers, bills, payments and who is paid up."""

from collections.abc import Mapping
from typing import ClassVar

import msgspec
import pyarrow as pa

from metropool.exchange.messages.base import Fact, Message

_TEXT = pa.string()


class CustomersTold(Fact, frozen=True, kw_only=True):
    """Customers and agreements of a company, as copies for readers (客户档案)."""

    rows: pa.Table


class BillsIssued(Fact, frozen=True, kw_only=True):
    """Bills of one company and period (账单信息), numbered and immutable."""

    service: str
    company: str
    rows: pa.Table


class PaymentsAllocated(Fact, frozen=True, kw_only=True):
    """Parts of combined-bill payments that fall to one company (三单合一缴费信息); negative for a refund."""

    company: str
    rows: pa.Table


class PaymentStatusTold(Fact, frozen=True, kw_only=True):
    """Whether accounts are paid, due or overdue (缴费情况), and the community and building they lie in; no amounts."""

    version: ClassVar[int] = 2
    rows: pa.Table


ROWS: Mapping[type[Message], pa.Schema] = {
    CustomersTold: pa.schema(
        [(name, _TEXT) for name in ("usage_point", "account_number", "place", "category", "name", "combined_account")]
        + [("valid_from", pa.date32()), ("valid_to", pa.date32())]
    ),
    BillsIssued: pa.schema(
        [
            (name, _TEXT)
            for name in ("service", "bill_number", "account_number", "combined_account", "usage_point", "meter_number")
        ]
        + [("period_start", pa.date32()), ("period_end", pa.date32())]
        + [(name, _TEXT) for name in ("register_start", "register_end", "registers", "multiplier", "quantity", "unit")]
        + [("is_estimated", pa.bool_()), ("lines", _TEXT), ("amount_fen", pa.int64()), ("due_date", pa.date32())]
        + [("version", pa.int32()), ("tariff", _TEXT)]
    ),
    PaymentsAllocated: pa.schema(
        [(name, _TEXT) for name in ("reference", "account_number", "bill_number")]
        + [("amount_fen", pa.int64()), ("paid_at", pa.timestamp("us", tz="UTC"))]
    ),
    PaymentStatusTold: pa.schema(
        [(name, _TEXT) for name in ("account_number", "status", "community", "building")]
        + [("as_of", pa.timestamp("us", tz="UTC"))]
    ),
}
NEEDED: Mapping[type[Message], frozenset[str]] = {
    CustomersTold: frozenset({"usage_point", "account_number"}),
    BillsIssued: frozenset(
        {"service", "bill_number", "account_number", "period_start", "period_end", "lines", "amount_fen", "due_date", "version"}
    ),
    PaymentsAllocated: frozenset({"reference", "account_number", "bill_number", "amount_fen", "paid_at"}),
    PaymentStatusTold: frozenset({"account_number", "status", "as_of"}),
}
LATE_FEE = "late_fee"
"""Name of the one line of a bill that asks for lateness only; after its amount it has the number of the late bill."""


def late_fee_of(lines: str) -> str | None:
    """The bill that a row of ``BillsIssued`` asks a late fee (违约金) for, by its ``lines``; None for a bill of its own."""
    if not lines.startswith(f'[["{LATE_FEE}"'):
        return None
    return str(msgspec.json.decode(lines)[0][4])
