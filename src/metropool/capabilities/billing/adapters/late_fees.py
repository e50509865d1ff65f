"""Late-fee notes in SQL, and the bills they may be for."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, delete, func, insert, select

from metropool.capabilities.billing.adapters.tables import bill, bill_payment, late_fee_note, late_fee_pass
from metropool.capabilities.billing.ports import Row
from metropool.core.money import Fen
from metropool.core.periods import business_date
from metropool.storage.bulk import is_one_of
from metropool.storage.units import UnitContext

WINDOW = 5_000
"""Bills looked through in one unit: a quarter of a second of the writer when every fifth is late."""


class SqlLateFees:
    """Late-fee notes in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection: Connection = context.connection

    def cursor(self, day: date) -> str | None:
        """Number of the last bill looked through on a day; empty before the first, None when all were."""
        c = late_fee_pass.c
        row = self._connection.execute(select(c.cursor, c.is_done).where(c.business_date == day.isoformat())).one_or_none()
        if row is None:
            return ""
        return None if row.is_done else str(row.cursor)

    def advance(self, day: date, last: str | None) -> None:
        """Note how far a day's look is; None is to the end."""
        self._connection.execute(delete(late_fee_pass))
        row = {"business_date": day.isoformat(), "cursor": last or "", "is_done": last is None}
        self._connection.execute(insert(late_fee_pass).values(row))

    def overdue(self, *, today: date, after: str) -> tuple[list[Row], str | None]:
        """Bills past their due date with something open, among the next some after a number; and the last one looked at."""
        c, p = bill.c, bill_payment.c
        numbers = select(c.number).where(c.number > after).order_by(c.number).limit(WINDOW).subquery()
        last = self._connection.execute(select(func.max(numbers.c.number))).scalar_one()
        if last is None:
            return [], None
        paid = select(func.coalesce(func.sum(p.amount_fen), 0)).where(p.bill_number == c.number).correlate(bill)
        late = (c.number > after, c.number <= last, c.due_date < today.isoformat(), c.amount_fen > paid.scalar_subquery())
        rows = self._connection.execute(select(bill).where(*late).order_by(c.number)).mappings()
        return [dict(row) for row in rows], last

    def notes_of(self, bill_numbers: Collection[str]) -> list[Row]:
        """The notes of some bills, oldest first."""
        c = late_fee_note.c
        query = select(late_fee_note).where(is_one_of(self._connection, c.bill_number, sorted(bill_numbers)))
        return [dict(row) for row in self._connection.execute(query.order_by(c.bill_number, c.version)).mappings()]

    def add(self, notes: Sequence[Row]) -> None:
        """Keep notes; one is never changed afterwards."""
        names = late_fee_note.c.keys()
        self._connection.execute(insert(late_fee_note), [{name: note[name] for name in names} for note in notes])

    def payments_of(self, bill_numbers: Collection[str]) -> dict[str, list[tuple[date, Fen]]]:
        """Business day and amount [fen] of the payments of some bills."""
        c = bill_payment.c
        query = select(c.bill_number, c.paid_at, c.amount_fen).where(
            is_one_of(self._connection, c.bill_number, sorted(bill_numbers))
        )
        found: dict[str, list[tuple[date, Fen]]] = {}
        for number, paid_at, fen in self._connection.execute(query):
            found.setdefault(number, []).append((business_date(datetime.fromisoformat(paid_at)), int(fen)))
        return found
