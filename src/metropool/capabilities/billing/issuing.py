"""Issues rated items as bills: numbered, kept, posted and told in one unit."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from metropool.capabilities.billing.items import month_of
from metropool.capabilities.billing.model import bill_numbers, digests_of_bills, due_date, receivable_legs, series_of
from metropool.capabilities.billing.ports import BillingWork, Row
from metropool.capabilities.billing.rating.texts import decimal_texts
from metropool.capabilities.billing.tariffs.loader import TariffBook
from metropool.core.periods import business_date
from metropool.exchange.messages import ROWS, BillsIssued

_COPIED = (
    "account_number",
    "combined_account",
    "usage_point",
    "meter_number",
    "registers",
    "multiplier",
    "digits",
    "unit",
    "tariff",
    "lines",
)
_TOLD = ROWS[BillsIssued]
_DATES = ("period_start", "period_end", "due_date")


def issue_items(*, work: BillingWork, run: Row, items: pl.DataFrame) -> None:
    """Issue rated items of a run as bills of version 1."""
    series = series_of(run["service"], date.fromisoformat(run["period_start"]))
    numbers = bill_numbers(series, work.bills.take_numbers(series, items.height), items.height)
    bills = bills_of(work=work, run=run, items=items, numbers=numbers, version=1, replaced=None)
    issue_bills(work=work, bills=bills, service=run["service"], key=f"bill-run/{run['id']}/{items['account_number'][0]}")


def issue_bills(*, work: BillingWork, bills: pl.DataFrame, service: str, key: str) -> None:
    """Keep bills, post what is owed, tell them. The key makes a repeat say nothing twice."""
    work.bills.add(bills)
    parties = {name: collected_for(name, work.tariffs.book) for name in bills["tariff"].unique()}
    work.ledger.post_columns(receivable_legs(bills, service=service, collected_for=parties))
    told = bills.rename({"number": "bill_number"}).with_columns(pl.col(*_DATES).str.to_date())
    rows = told.select(_TOLD.names).to_arrow(compat_level=pl.CompatLevel.oldest()).cast(_TOLD).combine_chunks()
    work.tell(BillsIssued(service=service, company=work.party, rows=rows), key=key)
    work.changed("bills")


def bills_of(
    *, work: BillingWork, run: Row, items: pl.DataFrame, numbers: Sequence[str], version: int, replaced: Row | None
) -> pl.DataFrame:
    """Bills of rated items, a row each; where they replace another, their amount is the difference only."""
    month, book, today = month_of(run), work.tariffs.book, business_date(work.now)
    due = {name: due_date(today, book.tariff(name.partition("@")[0]).due_days) for name in items["tariff"].unique()}
    fixed = {
        "run": run["id"],
        "service": run["service"],
        "version": version,
        "replaces": replaced["number"] if replaced else None,
        "period_start": month.start.isoformat(),
        "period_end": month.end.isoformat(),
        "days": month.days,
        "issued_at": work.now.isoformat(),
    }
    bills = items.select(
        *_COPIED,
        *_shown(items),
        pl.col("is_estimated"),
        pl.Series("number", numbers),
        pl.col("tariff").replace_strict({name: day.isoformat() for name, day in due.items()}).alias("due_date"),
        quantity_units="quantity",
        reckoned_fen="amount_fen",
        amount_fen=pl.col("amount_fen") - (replaced["reckoned_fen"] if replaced else 0),
        reckoned_collected_fen="collected_fen",
        collected_fen=pl.col("collected_fen") - (replaced["reckoned_collected_fen"] if replaced else 0),
        **{name: pl.lit(value) for name, value in fixed.items()},
    )
    return bills.with_columns(sha256=pl.Series(digests_of_bills(bills), dtype=pl.String))


def _shown(items: pl.DataFrame) -> list[pl.Series]:
    """Registers and quantity as a customer reads them; empty for a register that is not known."""
    names = ("register_start", "register_end", "quantity")
    by_digits = [
        group.select("row", **{name: decimal_texts(group[name], group["digits"][0]).fill_null("") for name in names})
        for group in items.with_row_index("row").partition_by("digits")
    ]
    return pl.concat(by_digits).sort("row").drop("row").get_columns()


def collected_for(tariff_version: str, book: TariffBook) -> str:
    """The party a tariff version (``tariff@day``) collects a group of lines for; empty when it collects for nobody."""
    tariff, _, day = tariff_version.partition("@")
    charges = book.version_on(tariff, date.fromisoformat(day)).charges
    return next((charge.collected_for for charge in charges if charge.collected_for), "")
