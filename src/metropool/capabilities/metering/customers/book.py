"""Copies of agreements and payment status, as their owners told them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Integer, MetaData, String, Table, delete, insert, select

from metropool.storage.units import UnitContext
from metropool.storage.upsert import upsert

metadata = MetaData()
customer_copy = Table(
    "customer_copy",
    metadata,
    Column("account_number", String, primary_key=True),
    Column("usage_point", String, nullable=False, index=True),
    Column("category", String),
    Column("valid_from", String),
    Column("valid_to", String),
    Column("told_at", String, nullable=False),
)
payment_status_copy = Table(
    "payment_status_copy",
    metadata,
    Column("account_number", String, primary_key=True),
    Column("status", String, nullable=False),
    Column("as_of", String, nullable=False),
)


rows_request = Table(
    "rows_request",
    metadata,
    Column("id", String, primary_key=True),
    Column("service", String, nullable=False),
    Column("handed_over_by", String, nullable=False),
    Column("first_day", String, nullable=False),
    Column("last_day", String, nullable=False),
    Column("usage_points", Integer, nullable=False),
    Column("rows_told", Integer, nullable=False),
    Column("heard_at", String, nullable=False, index=True),
)
REQUESTS_SHOWN = 1000


class CustomerBook:
    """Who is served at a usage point and whether they have paid, in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def note_customers(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep copies of agreements; one that was told before what is known changes nothing."""
        upsert(self._connection, customer_copy, rows, newest_by="told_at")

    def note_payment_status(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep who has paid; what was so before what is known changes nothing."""
        upsert(self._connection, payment_status_copy, rows, newest_by="as_of")

    def note_request(self, row: Mapping[str, Any]) -> None:
        """Keep what a company asked; the same request asked again replaces it."""
        self._connection.execute(delete(rows_request).where(rows_request.c.id == row["id"]))
        self._connection.execute(insert(rows_request).values(**row))

    def requests(self) -> list[Mapping[str, Any]]:
        """The newest requests for meter data, newest first."""
        query = select(rows_request).order_by(rows_request.c.heard_at.desc(), rows_request.c.id).limit(REQUESTS_SHOWN)
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def standing_of(self, account_number: str) -> tuple[str, str] | None:
        """What was told of an account's payments, and as of when; None when nothing was."""
        c = payment_status_copy.c
        row = self._connection.execute(select(c.status, c.as_of).where(c.account_number == account_number)).first()
        return (row.status, row.as_of) if row else None

    def status_of(self, account_number: str) -> str | None:
        """``paid``, ``due`` or ``overdue``, as told; None when nothing was."""
        query = select(payment_status_copy.c.status).where(payment_status_copy.c.account_number == account_number)
        return self._connection.execute(query).scalar_one_or_none()

    def at(self, usage_point: str) -> list[Mapping[str, Any]]:
        """Agreements at a usage point."""
        query = select(customer_copy).where(customer_copy.c.usage_point == usage_point)
        return [dict(row) for row in self._connection.execute(query).mappings()]
