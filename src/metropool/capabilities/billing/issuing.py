"""Issues rated items as bills: numbered, kept, posted and told in one unit."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from metropool.capabilities.billing.model import (
    bill_number,
    digest_of_bill,
    due_date,
    receivable_legs,
    series_of,
    show_units,
)
from metropool.capabilities.billing.ports import BillingWork, Row
from metropool.capabilities.billing.tariffs.loader import TariffBook
from metropool.core.periods import business_date
from metropool.exchange.messages import ROWS, BillsIssued
from metropool.facts.ledger import Entry

_COPIED = ("account_number", "combined_account", "usage_point", "meter_number", "multiplier", "digits", "unit", "days", "tariff")
_TOLD = tuple(ROWS[BillsIssued].names)


def issue_items(*, work: BillingWork, run: Row, items: Sequence[Row]) -> dict[str, str]:
    """Issue rated items of a run as bills of version 1; returns the bill number of each account."""
    series = series_of(run["service"], date.fromisoformat(run["period_start"]))
    first = work.bills.take_numbers(series, len(items))
    bills = [
        bill_of(work=work, run=run, item=item, number=bill_number(series, first + i), version=1, replaced=None)
        for i, item in enumerate(items)
    ]
    issue_bills(work=work, bills=bills, service=run["service"], key=f"bill-run/{run['id']}/{items[0]['account_number']}")
    return {bill["account_number"]: bill["number"] for bill in bills}


def issue_bills(*, work: BillingWork, bills: Sequence[Row], service: str, key: str) -> None:
    """Keep bills, post what is owed, tell them. The key makes a repeat say nothing twice."""
    work.bills.add(bills)
    work.ledger.post_many([_entry(bill, work.tariffs.book) for bill in bills])
    rows = pa.table({_source(name): [bill[_source(name)] for bill in bills] for name in _TOLD})
    rows = rows.rename_columns(list(_TOLD))
    for name in ("period_start", "period_end", "due_date"):
        at = rows.schema.get_field_index(name)
        rows = rows.set_column(at, name, rows[name].cast(pa.date32()))
    work.tell(BillsIssued(service=service, company=work.party, rows=rows.cast(ROWS[BillsIssued])), key=key)
    work.changed("bills")


def bill_of(
    *, work: BillingWork, run: Row, item: Row, number: str, version: int, replaced: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The row of a bill; where it replaces another, its amount is the difference only."""
    today = business_date(work.now)
    tariff = work.tariffs.book.tariff(item["tariff"].partition("@")[0])
    bill: dict[str, Any] = {name: item[name] for name in _COPIED}
    bill |= {
        "number": number,
        "run": run["id"],
        "service": run["service"],
        "version": version,
        "replaces": replaced["number"] if replaced else None,
        "period_start": run["period_start"],
        "period_end": run["period_end"],
        "register_start": show_units(item["register_start"], item["digits"]),
        "register_end": show_units(item["register_end"], item["digits"]),
        "quantity": show_units(item["quantity"], item["digits"]),
        "quantity_units": item["quantity"],
        "is_estimated": bool(item["is_estimated"]),
        "lines": item["lines"],
        "reckoned_fen": item["amount_fen"],
        "amount_fen": item["amount_fen"] - (replaced["reckoned_fen"] if replaced else 0),
        "reckoned_collected_fen": item["collected_fen"],
        "collected_fen": item["collected_fen"] - (replaced["reckoned_collected_fen"] if replaced else 0),
        "due_date": due_date(today, tariff.due_days).isoformat(),
        "issued_at": work.now.isoformat(),
    }
    return bill | {"sha256": digest_of_bill(bill)}


def _source(name: str) -> str:
    return "number" if name == "bill_number" else name


def _entry(bill: Row, book: TariffBook) -> Entry:
    legs = receivable_legs(
        account_number=bill["account_number"],
        service=bill["service"],
        amount_fen=bill["amount_fen"],
        collected_fen=bill["collected_fen"],
        collected_for=collected_for(bill["tariff"], book),
    )
    return Entry(f"bill/{bill['number']}", legs)


def collected_for(tariff_version: str, book: TariffBook) -> str:
    """The party a tariff version (``tariff@day``) collects a group of lines for; empty when it collects for nobody."""
    tariff, _, day = tariff_version.partition("@")
    charges = book.version_on(tariff, date.fromisoformat(day)).charges
    return next((charge.collected_for for charge in charges if charge.collected_for), "")
