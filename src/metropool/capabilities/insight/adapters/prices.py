"""What the newest bill of each usage point came to."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, insert, select

from metropool.capabilities.insight.tables import price_paid
from metropool.storage.units import UnitContext


class SqlPrices:
    """Mean prices by usage point, from bills, in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def note(self, rows: Sequence[dict[str, Any]]) -> None:
        """Keep bills that are newer than what is known of their usage point."""
        c = price_paid.c
        points = [row["usage_point"] for row in rows]
        query = select(c.usage_point, c.period_end).where(c.usage_point.in_(points))
        known: dict[str, str] = {row.usage_point: row.period_end for row in self._connection.execute(query)}
        newest = {row["usage_point"]: row for row in sorted(rows, key=lambda row: row["period_end"])}
        fresh = [row for point, row in newest.items() if row["period_end"] >= known.get(point, "")]
        if fresh:
            self._connection.execute(delete(price_paid).where(c.usage_point.in_([row["usage_point"] for row in fresh])))
            self._connection.execute(insert(price_paid), fresh)

    def mean_price(self, usage_point: str) -> Decimal | None:
        """¥ per unit of the newest bill, all its lines together; None before the first bill or when nothing was used."""
        query = select(price_paid.c.quantity, price_paid.c.amount_fen).where(price_paid.c.usage_point == usage_point)
        row = self._connection.execute(query).one_or_none()
        if row is None or not Decimal(row.quantity):
            return None
        return Decimal(row.amount_fen) / 100 / Decimal(row.quantity)

    def lines(self, usage_point: str) -> list[dict[str, Any]]:
        """Lines of the newest bill."""
        query = select(price_paid.c.lines).where(price_paid.c.usage_point == usage_point)
        text = self._connection.execute(query).scalar()
        lines: list[dict[str, Any]] = json.loads(text) if text else []
        return lines
