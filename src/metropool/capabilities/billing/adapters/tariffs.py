"""Which account is billed by which tariff from when (tariff assignment), beside the tariff book."""

import json
from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy import Row as SqlRow
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from metropool.capabilities.billing.adapters.tables import tariff_assignment
from metropool.capabilities.billing.freezing import Terms
from metropool.capabilities.billing.model import Month
from metropool.capabilities.billing.ports import Row
from metropool.capabilities.billing.tariffs.loader import TariffBook, tariff_book
from metropool.core.quantities import reading_types_by_id
from metropool.storage.units import UnitContext

_ACCOUNTS_A_QUERY = 400


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
        make = insert_sqlite if self._connection.dialect.name == "sqlite" else insert_postgresql
        statement = make(tariff_assignment).on_conflict_do_nothing().returning(tariff_assignment.c.account_number)
        return len(self._connection.execute(statement, [dict(row) for row in rows]).all()) if rows else 0

    def terms(self, *, service: str, month: Month, after: str, limit: int) -> list[Terms]:
        """Assignments of the next accounts of a service that have any in the period, by account and first day."""
        c = tariff_assignment.c
        inside = self._inside(month)
        accounts = select(c.account_number).distinct().where(c.service == service, c.account_number > after, inside)
        some = accounts.order_by(c.account_number).limit(limit).subquery()
        query = select(tariff_assignment).where(c.account_number.in_(select(some.c.account_number)), inside)
        return [_terms(row) for row in self._connection.execute(query.order_by(c.account_number, c.valid_from))]

    def terms_of(self, accounts: Collection[str], *, month: Month) -> list[Terms]:
        """Assignments of some accounts in a period, by account and first day."""
        c = tariff_assignment.c
        ordered, found = sorted(accounts), []
        for start in range(0, len(ordered), _ACCOUNTS_A_QUERY):
            some = c.account_number.in_(ordered[start : start + _ACCOUNTS_A_QUERY])
            query = select(tariff_assignment).where(some, self._inside(month)).order_by(c.account_number, c.valid_from)
            found += [_terms(row) for row in self._connection.execute(query)]
        return found

    def agreements(self, account_number: str) -> list[Row]:
        """All assignments of an account, oldest first."""
        c = tariff_assignment.c
        query = select(tariff_assignment).where(c.account_number == account_number).order_by(c.valid_from)
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def _inside(self, month: Month) -> Any:
        c = tariff_assignment.c
        ends_later = c.valid_to.is_(None) | (c.valid_to > month.start.isoformat())
        return (c.valid_from < month.end.isoformat()) & ends_later


def _terms(row: SqlRow[Any]) -> Terms:
    return Terms(
        account_number=row.account_number,
        usage_point=row.usage_point,
        combined_account=row.combined_account,
        tariff=row.tariff,
        options=tuple(json.loads(row.options)),
        reading_type=row.reading_type,
        digits=-reading_types_by_id()[row.reading_type].scale,
        multiplier=Decimal(row.multiplier),
        valid_from=date.fromisoformat(row.valid_from),
        valid_to=date.fromisoformat(row.valid_to) if row.valid_to else None,
        opening_year=row.opening_year,
        opening_to_date=row.opening_to_date,
    )
