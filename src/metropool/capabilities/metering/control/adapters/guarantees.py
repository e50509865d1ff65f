"""Supply guarantees (保电): usage points whose supply must not be cut, dated."""

from datetime import date

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, insert, or_, select, update

from metropool.core.clock import Instant
from metropool.core.periods import business_date
from metropool.storage.units import UnitContext

metadata = MetaData()
supply_guarantee = Table(
    "supply_guarantee",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("usage_point", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("valid_from", String, nullable=False),
    Column("valid_to", String),
    Column("noted_by", String, nullable=False),
    Index("supply_guarantee_by_point", "usage_point"),
)


class GuaranteeBook:
    """Guarantees in one unit of work; closed, never removed."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def of(self, *, usage_point: str, now: Instant) -> str | None:
        """Why supply is guaranteed on the business day of ``now``; None when it is not."""
        c, day = supply_guarantee.c, business_date(now).isoformat()
        query = select(c.reason).where(
            c.usage_point == usage_point, c.valid_from <= day, or_(c.valid_to.is_(None), c.valid_to > day)
        )
        return self._connection.execute(query.order_by(c.id).limit(1)).scalar_one_or_none()

    def add(self, *, usage_point: str, reason: str, valid_from: date, noted_by: str, valid_to: date | None = None) -> None:
        """Guarantee supply from a day on, until before ``valid_to``."""
        row = {"usage_point": usage_point, "reason": reason, "valid_from": valid_from.isoformat(), "noted_by": noted_by}
        self._connection.execute(insert(supply_guarantee).values(row | {"valid_to": valid_to.isoformat() if valid_to else None}))

    def end(self, *, usage_point: str, on: date) -> int:
        """End the open guarantees of a usage point on a day; returns how many."""
        c = supply_guarantee.c
        open_ones = update(supply_guarantee).where(c.usage_point == usage_point, c.valid_to.is_(None))
        return int(self._connection.execute(open_ones.values(valid_to=on.isoformat())).rowcount)
