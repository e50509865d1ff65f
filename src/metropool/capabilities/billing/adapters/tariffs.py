"""Which account is billed by which tariff from when (tariff assignment), beside the tariff book."""

from collections.abc import Sequence
from typing import Any

import polars as pl
from sqlalchemy import Connection, select

from metropool.capabilities.billing.adapters.tables import tariff_assignment
from metropool.capabilities.billing.model import Month
from metropool.capabilities.billing.ports import Row
from metropool.capabilities.billing.tariffs.loader import TariffBook, tariff_book
from metropool.storage.bulk import frame_of
from metropool.storage.units import UnitContext
from metropool.storage.upsert import insert_into

_TERMS = pl.Schema(
    {
        "account_number": pl.String,
        "valid_from": pl.String,
        "valid_to": pl.String,
        "usage_point": pl.String,
        "combined_account": pl.String,
        "tariff": pl.String,
        "options": pl.String,
        "reading_type": pl.Int64,
        "multiplier": pl.String,
        "opening_year": pl.Int64,
        "opening_to_date": pl.Int64,
    }
)


class SqlTariffs:
    """Tariffs in one unit of work."""

    def __init__(self, context: UnitContext, *, book: TariffBook | None = None) -> None:
        self._connection: Connection = context.connection
        self._book = book

    @property
    def book(self) -> TariffBook:
        """The tariffs, calendars and day sets."""
        return self._book or tariff_book()

    def assign(self, rows: Sequence[Row]) -> int:
        """Keep assignments; one of the same account and first day is kept as it is. Returns how many were new."""
        statement = (
            insert_into(self._connection, tariff_assignment)
            .on_conflict_do_nothing()
            .returning(tariff_assignment.c.account_number)
        )
        return len(self._connection.execute(statement, [dict(row) for row in rows]).all()) if rows else 0

    def terms(self, *, service: str, month: Month, after: str, limit: int) -> pl.DataFrame:
        """Assignments of the next accounts of a service that have any in the period, by account and first day."""
        c = tariff_assignment.c
        inside = self._inside(month)
        accounts = select(c.account_number).distinct().where(c.service == service, c.account_number > after, inside)
        some = accounts.order_by(c.account_number).limit(limit).subquery()
        return self._terms(c.account_number.in_(select(some.c.account_number)), inside)

    def terms_of(self, account_number: str, *, month: Month) -> pl.DataFrame:
        """Assignments of one account in a period, by first day."""
        return self._terms(tariff_assignment.c.account_number == account_number, self._inside(month))

    def agreements(self, account_number: str) -> list[Row]:
        """All assignments of an account, oldest first."""
        c = tariff_assignment.c
        query = select(tariff_assignment).where(c.account_number == account_number).order_by(c.valid_from)
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def _terms(self, *conditions: Any) -> pl.DataFrame:
        c = tariff_assignment.c
        query = select(*(c[name] for name in _TERMS)).where(*conditions).order_by(c.account_number, c.valid_from)
        return frame_of(self._connection.execute(query), _TERMS)

    def _inside(self, month: Month) -> Any:
        c = tariff_assignment.c
        ends_later = c.valid_to.is_(None) | (c.valid_to > month.start.isoformat())
        return (c.valid_from < month.end.isoformat()) & ends_later
