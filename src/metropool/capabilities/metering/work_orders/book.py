"""The tables of work orders, in one unit of work. ``work_order`` holds the present state, ``work_order_step`` how it came to it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from metropool.capabilities.metering.work_orders.model import UNFINISHED, OrderStep, WorkOrder
from metropool.storage.units import UnitContext

metadata = MetaData()
_IS_UNFINISHED = text("state IN ('open', 'in_progress')")

work_order = Table(
    "work_order",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("device", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("assigned_to", String, nullable=False),
    Column("alarm", String),
    Column("opened_by", String, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Column("note", String, nullable=False),
    Index("work_order_unfinished", "device", "kind", unique=True, sqlite_where=_IS_UNFINISHED, postgresql_where=_IS_UNFINISHED),
    Index("work_order_by_device", "device", "opened_at"),
)
work_order_step = Table(
    "work_order_step",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("assigned_to", String, nullable=False),
    Column("note", String, nullable=False),
    Index("work_order_step_by_order", "number", "id"),
)
_COLUMNS = [work_order.c[field.name] for field in fields(WorkOrder)]
_STEP = [work_order_step.c[field.name] for field in fields(OrderStep)]
SORTABLE: Mapping[str, ColumnElement[Any]] = {field.name: work_order.c[field.name] for field in fields(WorkOrder)}


class WorkOrderBook:
    """Orders and their steps."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def one(self, number: int) -> WorkOrder | None:
        """The order of a number; None when there is none."""
        row = self._connection.execute(select(*_COLUMNS).where(work_order.c.number == number)).one_or_none()
        return None if row is None else WorkOrder(*row)

    def unfinished(self, *, device: str, kind: str) -> WorkOrder | None:
        """The order of a kind that a device has open; there is at most one."""
        c = work_order.c
        query = select(*_COLUMNS).where(c.device == device, c.kind == kind, c.state.in_(UNFINISHED))
        row = self._connection.execute(query).one_or_none()
        return None if row is None else WorkOrder(*row)

    def next_number(self) -> int:
        """The number after the highest one."""
        return int(self._connection.execute(select(func.coalesce(func.max(work_order.c.number), 0))).scalar_one()) + 1

    def put(self, order: WorkOrder, step: OrderStep, *, is_new: bool) -> None:
        """Keep an order as it is now, and the step that brought it there."""
        row = asdict(order)
        change = insert(work_order) if is_new else update(work_order).where(work_order.c.number == order.number)
        self._connection.execute(change.values(row))
        self._connection.execute(insert(work_order_step).values(asdict(step) | {"number": order.number}))

    def steps(self, number: int) -> list[OrderStep]:
        """Steps of an order, oldest first."""
        query = select(*_STEP).where(work_order_step.c.number == number).order_by(work_order_step.c.id)
        return [OrderStep(*row) for row in self._connection.execute(query)]

    def page(
        self,
        *,
        states: Collection[str] | None,
        kind: str | None,
        device: str | None,
        q: str,
        sort: Sequence[tuple[str, bool]],
        offset: int,
        limit: int,
    ) -> tuple[list[WorkOrder], int]:
        """A page of orders and how many there are; unfinished ones first and newest first unless sorted.

        Args:
            states: Only these; None for all.
            q: Found in device, reason or who has it.
            sort: Columns of ``SORTABLE``, each with whether it is descending.
        """
        c, query = work_order.c, select(*_COLUMNS)
        for column, value in ((c.kind, kind), (c.device, device)):
            query = query if value is None else query.where(column == value)
        query = query if states is None else query.where(c.state.in_(list(states)))
        if q:
            query = query.where(or_(*(column.icontains(q, autoescape=True) for column in (c.device, c.reason, c.assigned_to))))
        total = int(self._connection.execute(select(func.count()).select_from(query.subquery())).scalar_one())
        order = [SORTABLE[name].desc() if descending else SORTABLE[name].asc() for name, descending in sort]
        is_closed = c.closed_at.is_not(None)
        page = query.order_by(*order, is_closed, c.opened_at.desc(), c.number.desc()).offset(offset).limit(limit)
        return [WorkOrder(*row) for row in self._connection.execute(page)], total
