"""Issued bills, their numbers, rechecks and payments in SQL."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

import polars as pl
from sqlalchemy import ColumnElement, Connection, Float, cast, func, insert, select, update

from metropool.capabilities.billing.adapters.tables import bill, bill_payment, bill_recheck, bill_series, late_fee_note
from metropool.capabilities.billing.model import Month, OpenBill
from metropool.capabilities.billing.ports import Row
from metropool.core.money import Fen
from metropool.storage.bulk import frame_of, insert_frame, is_one_of
from metropool.storage.matching import matching
from metropool.storage.units import UnitContext
from metropool.storage.upsert import insert_into


class SqlBills:
    """Bills in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection: Connection = context.connection

    def take_numbers(self, series: str, count: int) -> int:
        """Take the next ``count`` numbers of a series; returns the first. One unit with the bills: no gap, no reuse."""
        c = bill_series.c
        self._connection.execute(
            insert_into(self._connection, bill_series).values(series=series, last=0).on_conflict_do_nothing()
        )
        self._connection.execute(update(bill_series).where(c.series == series).values(last=c.last + count))
        last = self._connection.execute(select(c.last).where(c.series == series)).scalar_one()
        return int(last) - count + 1

    def add(self, bills: pl.DataFrame) -> None:
        """Keep bills; a bill is never changed afterwards."""
        insert_frame(self._connection, insert(bill), bills.select(bill.c.keys()))

    def bills(self, **equal: object) -> list[Row]:
        """Bills whose columns equal the given values (a tuple or list: any of them), oldest period first."""
        query = select(bill).order_by(bill.c.period_start, bill.c.service, bill.c.account_number, bill.c.version)
        return [dict(row) for row in self._connection.execute(query.where(*matching(bill, equal))).mappings()]

    def billed_accounts(self, *, service: str, month: Month, accounts: Collection[str]) -> set[str]:
        """Those of the accounts that have a bill of this service and period."""
        c = bill.c
        same = (c.service == service, c.period_start == month.start.isoformat(), c.period_end == month.end.isoformat())
        return set(
            self._connection.execute(select(c.account_number).where(*same, self._has(c.account_number, accounts))).scalars()
        )

    def year_to_date(self, *, service: str, accounts: Collection[str], start: date) -> dict[str, int]:
        """Quantity billed in the calendar year before a day, by account [10^-digits], by the last version of each bill."""
        c = bill.c
        later = bill.alias("later")
        replaced = select(later.c.replaces).where(later.c.replaces == c.number).exists()
        in_year = (c.period_start >= date(start.year, 1, 1).isoformat(), c.period_start < start.isoformat(), c.service == service)
        query = select(c.account_number, func.sum(c.quantity_units)).group_by(c.account_number)
        rows = self._connection.execute(query.where(*in_year, self._has(c.account_number, accounts), ~replaced))
        return {account: int(total) for account, total in rows}

    def most_a_day(self, accounts: Collection[str]) -> pl.DataFrame:
        """The most each account was ever billed a day: account_number, most [10^-digits]; only those that were billed before."""
        c, schema = bill.c, {"account_number": pl.String, "most": pl.Float64}
        query = select(c.account_number, cast(func.max(c.quantity_units / c.days), Float)).group_by(c.account_number)
        return frame_of(self._connection.execute(query.where(self._has(c.account_number, accounts))), schema)

    def touching(self, changed: Sequence[tuple[str, date]]) -> list[str]:
        """Numbers of the newest bills whose period has a changed day of their usage point."""
        c = bill.c
        days: dict[str, list[str]] = {}
        for usage_point, day in changed:
            days.setdefault(usage_point, []).append(day.isoformat())
        later = bill.alias("later")
        replaced = select(later.c.replaces).where(later.c.replaces == c.number).exists()
        query = select(c.number, c.usage_point, c.period_start, c.period_end).where(self._has(c.usage_point, days), ~replaced)
        return sorted(
            number
            for number, usage_point, start, end in self._connection.execute(query)
            if any(start <= day < end for day in days[usage_point])
        )

    def note_recheck(self, numbers: Collection[str], *, reason: str, now: datetime) -> None:
        """Mark bills that depend on something that changed; one already marked is looked at once more."""
        values = {"reason": reason, "state": "noted", "noted_at": now.isoformat()}
        statement = insert_into(self._connection, bill_recheck).on_conflict_do_update(index_elements=["bill_number"], set_=values)
        if numbers:
            self._connection.execute(statement, [{"bill_number": number, **values} for number in sorted(numbers)])

    def rechecks(self, *, state: str, limit: int) -> list[Row]:
        """Rechecks in a state, oldest first."""
        c = bill_recheck.c
        query = select(bill_recheck).where(c.state == state).order_by(c.noted_at, c.bill_number).limit(limit)
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def recheck(self, bill_number: str) -> Row | None:
        """The recheck of a bill, if it was ever marked."""
        query = select(bill_recheck).where(bill_recheck.c.bill_number == bill_number)
        row = self._connection.execute(query).mappings().one_or_none()
        return dict(row) if row else None

    def settle_recheck(self, bill_number: str, **values: object) -> None:
        """Note what became of a recheck."""
        self._connection.execute(update(bill_recheck).where(bill_recheck.c.bill_number == bill_number).values(**values))

    def add_payments(self, rows: Sequence[Row]) -> list[Row]:
        """Keep payments of bills, each once by reference and bill; returns those that were new."""
        statement = insert_into(self._connection, bill_payment).on_conflict_do_nothing().returning(bill_payment.c.reference)
        return [row for row in rows if self._connection.execute(statement, dict(row)).first() is not None]

    def paid(self, bill_numbers: Collection[str]) -> dict[str, Fen]:
        """What was paid on each bill [fen]."""
        c = bill_payment.c
        query = select(c.bill_number, func.sum(c.amount_fen)).group_by(c.bill_number)
        rows = self._connection.execute(query.where(self._has(c.bill_number, bill_numbers)))
        return {number: int(fen) for number, fen in rows}

    def open_bills(self, account_number: str) -> list[OpenBill]:
        """Bills and late-fee notes of an account of which something is still owed; a note is due on its day."""
        c, n = bill.c, late_fee_note.c
        bills = select(c.number, c.due_date, c.amount_fen).where(c.account_number == account_number)
        notes = select(n.number, n.business_date, n.amount_fen).where(n.account_number == account_number)
        rows = [*self._connection.execute(bills), *self._connection.execute(notes)]
        paid = self.paid([number for number, _, _ in rows])
        found = [OpenBill(number, date.fromisoformat(due), int(fen) - paid.get(number, 0)) for number, due, fen in rows]
        return [each for each in found if each.open_fen > 0]

    def _has(self, column: ColumnElement[str], values: Collection[str]) -> ColumnElement[bool]:
        return is_one_of(self._connection, column, sorted(values))
