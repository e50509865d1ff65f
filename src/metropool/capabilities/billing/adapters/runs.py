"""Billing runs and their items in SQL."""

from collections.abc import Collection
from io import BytesIO

import polars as pl
from sqlalchemy import Connection, delete, func, insert, select, update

from metropool.capabilities.billing.adapters.tables import bill_run, bill_run_chunk, bill_run_item, bill_schedule
from metropool.capabilities.billing.ports import Row
from metropool.core.errors import NotFound
from metropool.storage.bulk import insert_frame
from metropool.storage.matching import matching
from metropool.storage.units import UnitContext
from metropool.storage.upsert import insert_into


class SqlRuns:
    """Runs in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection: Connection = context.connection

    def open(self, row: Row) -> bool:
        """Keep a new run; False when one of its service, period and part is there."""
        statement = insert_into(self._connection, bill_run).values(dict(row)).on_conflict_do_nothing().returning(bill_run.c.id)
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
        return [dict(row) for row in self._connection.execute(query.where(*matching(bill_run, equal))).mappings()]

    def advance(self, run: str, **values: object) -> None:
        """Move a run's state or cursor on."""
        self._connection.execute(update(bill_run).where(bill_run.c.id == run).values(**values))

    def add_chunk(self, run: str, items: pl.DataFrame) -> None:
        """Keep the frozen items of the next accounts as a chunk of their run, and those that are blocked as stopped."""
        stopped, going = items.filter(pl.col("blocked").is_not_null()), items.filter(pl.col("blocked").is_null())
        c = bill_run_chunk.c
        last = select(func.coalesce(func.max(c.number), 0)).where(c.run == run)
        number = self._connection.execute(last).scalar_one() + 1
        values = {"items": items.height, "rated": 0, "issued": 0, "amount_fen": 0, "columns": _to_bytes(going.drop("blocked"))}
        self._connection.execute(insert(bill_run_chunk).values(run=run, number=number, **values))
        self._stop(run, stopped)

    def chunk(self, run: str, *, after: int) -> tuple[int, pl.DataFrame] | None:
        """The next chunk: its number and its items, sorted by account; None after the last."""
        c = bill_run_chunk.c
        query = select(c.number, c.columns).where(c.run == run, c.number > after).order_by(c.number).limit(1)
        row = self._connection.execute(query).one_or_none()
        return (row.number, pl.read_ipc_stream(BytesIO(row.columns))) if row else None

    def hold(self, run: str, items: pl.DataFrame) -> None:
        """Hold items as implausible."""
        self._stop(run, items.with_columns(blocked=pl.lit(None, pl.String), held=pl.lit("spike")))

    def held(self, run: str) -> set[str]:
        """Accounts of a run that are held."""
        c = bill_run_item.c
        return set(self._connection.execute(select(c.account_number).where(c.run == run, c.held.is_not(None))).scalars())

    def set_rated(self, run: str, number: int, items: pl.DataFrame) -> None:
        """Keep the rated items of a chunk."""
        held = items.filter(pl.col("account_number").is_in(list(self.held(run))))
        for account, amount_fen in held.select("account_number", "amount_fen").rows():
            self._item(run, account, amount_fen=amount_fen)
        values = {"rated": items.height, "amount_fen": int(items["amount_fen"].sum()), "columns": _to_bytes(items)}
        self._change(run, number, **values)

    def set_issued(self, run: str, number: int, count: int) -> None:
        """Note how many bills of a chunk were issued."""
        self._change(run, number, issued=count)

    def release(self, run: str, accounts: Collection[str]) -> int:
        """Let held items go on; returns how many were held."""
        c = bill_run_item.c
        released = delete(bill_run_item).where(c.run == run, c.account_number.in_(list(accounts)), c.held.is_not(None))
        return self._connection.execute(released).rowcount

    def counts(self, run: str) -> Row:
        """Items, blocked, held, rated, issued, and the sum of what is rated and not held [fen]."""
        c, stopped = bill_run_chunk.c, bill_run_item.c
        totals = [func.coalesce(func.sum(c[name]), 0).label(name) for name in ("items", "rated", "issued", "amount_fen")]
        found = dict(self._connection.execute(select(*totals).where(c.run == run)).mappings().one())
        held_fen = func.coalesce(func.sum(stopped.amount_fen), 0)
        query = select(func.count(stopped.blocked), func.count(stopped.held), held_fen).where(stopped.run == run)
        blocked, held, not_ready_fen = self._connection.execute(query).one()
        return {name: int(total) for name, total in found.items()} | {
            "blocked": blocked,
            "held": held,
            "amount_fen": int(found["amount_fen"] - not_ready_fen),
        }

    def stopped_items(self, run: str) -> list[Row]:
        """Items that are blocked or held, with the reason."""
        c = bill_run_item.c
        query = select(c.account_number, c.usage_point, c.blocked, c.held, c.quantity, c.digits, c.amount_fen)
        query = query.where(c.run == run, c.blocked.is_not(None) | c.held.is_not(None)).order_by(c.account_number)
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def schedule(self, row: Row) -> None:
        """Keep when the runs of a service are due."""
        statement = insert_into(self._connection, bill_schedule).values(dict(row))
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["service"], set_={k: v for k, v in row.items() if k != "service"})
        )

    def schedules(self) -> list[Row]:
        """All schedules."""
        query = select(bill_schedule).order_by(bill_schedule.c.service)
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def _stop(self, run: str, items: pl.DataFrame) -> None:
        names = [column.name for column in bill_run_item.c if column.name in items.columns]
        insert_frame(self._connection, insert(bill_run_item), items.select(pl.lit(run).alias("run"), *names))

    def _item(self, run: str, account: str, **values: object) -> None:
        c = bill_run_item.c
        self._connection.execute(update(bill_run_item).where(c.run == run, c.account_number == account).values(**values))

    def _change(self, run: str, number: int, **values: object) -> None:
        c = bill_run_chunk.c
        self._connection.execute(update(bill_run_chunk).where(c.run == run, c.number == number).values(**values))


def _to_bytes(items: pl.DataFrame) -> bytes:
    stream = BytesIO()
    items.write_ipc_stream(stream, compression="lz4", compat_level=pl.CompatLevel.oldest())
    return stream.getvalue()
