"""Billing runs and their items in SQL."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from metropool.capabilities.billing.adapters.bulk import execute_many
from metropool.capabilities.billing.adapters.tables import bill, bill_run, bill_run_item, bill_schedule
from metropool.capabilities.billing.ports import Row
from metropool.capabilities.billing.run_rating import RatedItem
from metropool.core.errors import NotFound
from metropool.storage.units import UnitContext


class SqlRuns:
    """Runs in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection: Connection = context.connection

    def open(self, row: Row) -> bool:
        """Keep a new run; False when one of its service, period and part is there."""
        statement = self._insert(bill_run).values(dict(row)).on_conflict_do_nothing().returning(bill_run.c.id)
        return self._connection.execute(statement).first() is not None

    def run(self, run: str) -> Row:
        """One run.

        Raises:
            NotFound: There is none of that id.
        """
        found = self.runs(id=run)
        if not found:
            raise NotFound(f"no billing run {run}")
        return found[0]

    def runs(self, **equal: object) -> list[Row]:
        """Runs whose columns equal the given values, in the order they were started."""
        query = select(bill_run).order_by(bill_run.c.started_at, bill_run.c.id)
        for name, value in equal.items():
            query = query.where(bill_run.c[name] == value)
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def advance(self, run: str, **values: object) -> None:
        """Move a run's state or cursor on."""
        self._connection.execute(update(bill_run).where(bill_run.c.id == run).values(**values))

    def add_items(self, rows: Sequence[Row]) -> None:
        """Keep frozen items."""
        execute_many(self._connection, insert(bill_run_item), rows)

    def items(self, run: str, *, after: str, limit: int, ready: bool) -> list[Row]:
        """The next items by account; with ``ready`` only those neither blocked nor held."""
        c = bill_run_item.c
        query = select(bill_run_item).where(c.run == run, c.account_number > after, c.blocked.is_(None))
        if ready:
            query = query.where(c.held.is_(None))
        rows = self._connection.execute(query.order_by(c.account_number).limit(limit)).mappings()
        return [dict(row) for row in rows]

    def hold_spikes(self, run: str, *, factor: int) -> None:
        """Hold the items that use more a day than ``factor`` times the most the account was ever billed a day."""
        c = bill_run_item.c
        most = select(func.max(bill.c.quantity_units / bill.c.days)).where(bill.c.account_number == c.account_number)
        before = most.correlate(bill_run_item).scalar_subquery()
        change = update(bill_run_item).where(c.run == run, c.blocked.is_(None), before > 0, c.quantity > factor * before * c.days)
        self._connection.execute(change.values(held="spike"))

    def release(self, run: str, accounts: Collection[str]) -> int:
        """Let held items go on; returns how many were held."""
        c = bill_run_item.c
        change = update(bill_run_item).where(c.run == run, c.account_number.in_(list(accounts)), c.held.is_not(None))
        return self._connection.execute(change.values(held=None)).rowcount

    def set_rated(self, run: str, rated: Sequence[RatedItem]) -> None:
        """Keep what rating added."""
        c = bill_run_item.c
        change = update(bill_run_item).where(c.run == run, c.account_number == bindparam("its_account"))
        change = change.values(
            lines=bindparam("its_lines"), amount_fen=bindparam("its_amount"), collected_fen=bindparam("its_collected")
        )
        rows = [
            {
                "its_account": item.account_number,
                "its_lines": item.lines,
                "its_amount": item.amount_fen,
                "its_collected": item.collected_fen,
            }
            for item in rated
        ]
        execute_many(self._connection, change, rows)

    def set_numbers(self, run: str, numbers: Mapping[str, str]) -> None:
        """Note the bill number of each account's item."""
        c = bill_run_item.c
        change = update(bill_run_item).where(c.run == run, c.account_number == bindparam("its_account"))
        rows = [{"its_account": account, "its_number": number} for account, number in numbers.items()]
        execute_many(self._connection, change.values(bill_number=bindparam("its_number")), rows)

    def counts(self, run: str) -> Row:
        """Items, blocked, held, rated, issued, and the sum of what is rated and not held [fen]."""
        c = bill_run_item.c
        ready = c.blocked.is_(None) & c.held.is_(None)
        query = select(
            func.count().label("items"),
            func.count(c.blocked).label("blocked"),
            func.count(c.held).label("held"),
            func.count(c.lines).label("rated"),
            func.count(c.bill_number).label("issued"),
            func.coalesce(func.sum(case((ready, c.amount_fen), else_=0)), 0).label("amount_fen"),
        ).where(c.run == run)
        return dict(self._connection.execute(query).mappings().one())

    def stopped_items(self, run: str) -> list[Row]:
        """Items that are blocked or held, with the reason."""
        c = bill_run_item.c
        query = select(c.account_number, c.usage_point, c.blocked, c.held, c.quantity, c.digits, c.amount_fen)
        query = query.where(c.run == run, c.blocked.is_not(None) | c.held.is_not(None)).order_by(c.account_number)
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def schedule(self, row: Row) -> None:
        """Keep when the runs of a service are due."""
        statement = self._insert(bill_schedule).values(dict(row))
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["service"], set_={k: v for k, v in row.items() if k != "service"})
        )

    def schedules(self) -> list[Row]:
        """All schedules."""
        query = select(bill_schedule).order_by(bill_schedule.c.service)
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def _insert(self, table: Any) -> Any:
        make = insert_sqlite if self._connection.dialect.name == "sqlite" else insert_postgresql
        return make(table)
