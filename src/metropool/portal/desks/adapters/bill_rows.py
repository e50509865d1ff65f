"""Bills of a company in light rows, without their lines; and the payments of one bill."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from metropool.capabilities.billing.adapters.tables import bill, bill_payment, bill_run, bill_run_item

Row = Mapping[str, Any]
LIGHT = (
    "number",
    "version",
    "account_number",
    "service",
    "meter_number",
    "period_start",
    "period_end",
    "quantity",
    "unit",
    "is_estimated",
    "amount_fen",
    "due_date",
    "issued_at",
)


class BillRows:
    """Reads the bills of one company."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def months(self) -> list[tuple[str, str]]:
        """(month in which the period starts, service) of all bills, newest month first."""
        month = func.substr(bill.c.period_start, 1, 7)
        query = select(month, bill.c.service).distinct().order_by(month.desc(), bill.c.service)
        return [(str(row[0]), str(row[1])) for row in self._connection.execute(query)]

    def rows(self, *, month: str | None) -> list[Row]:
        """Bills of a month, or all, newest first, with ``paid_fen`` and ``is_replaced``."""
        later = select(bill.c.replaces).where(bill.c.replaces.is_not(None))
        columns = [bill.c[name] for name in LIGHT]
        query = select(*columns, self._paid().label("paid_fen"), bill.c.number.in_(later).label("is_replaced"))
        if month is not None:
            query = query.where(bill.c.period_start >= f"{month}-01", bill.c.period_start <= f"{month}-31")
        ordered = query.order_by(bill.c.period_start.desc(), bill.c.number)
        return [dict(row) for row in self._connection.execute(ordered).mappings()]

    def amount_fen(self, *, month: str) -> int | None:
        """What the bills of a month came to [fen]; None when there are none."""
        query = select(func.sum(bill.c.amount_fen))
        of_month = query.where(bill.c.period_start >= f"{month}-01", bill.c.period_start <= f"{month}-31")
        found = self._connection.execute(of_month).scalar_one()
        return None if found is None else int(found)

    def stopped(self, *, month: str) -> int:
        """Accounts of a month that are not billed because their item is blocked or held."""
        c = bill_run_item.c
        query = select(func.count()).join(bill_run, bill_run.c.id == c.run)
        query = query.where(bill_run.c.period_start >= f"{month}-01", bill_run.c.period_start <= f"{month}-31")
        return int(self._connection.execute(query.where(c.blocked.is_not(None) | c.held.is_not(None))).scalar_one())

    def payments(self, *, number: str) -> list[Row]:
        """Payments of a bill, oldest first: ``reference amount_fen paid_at``; refunds are negative."""
        c = bill_payment.c
        query = select(c.reference, c.amount_fen, c.paid_at).where(c.bill_number == number).order_by(c.paid_at, c.reference)
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def is_replaced(self, *, number: str) -> bool:
        """Whether a later version took the place of a bill."""
        return self._connection.execute(select(bill.c.number).where(bill.c.replaces == number)).first() is not None

    def _paid(self) -> Any:
        c = bill_payment.c
        total = select(func.coalesce(func.sum(c.amount_fen), 0)).where(c.bill_number == bill.c.number)
        return total.correlate(bill).scalar_subquery()
