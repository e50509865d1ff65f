"""Meter data a company asked for again, and the usage it was told, to read."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, insert, select

from metropool.capabilities.billing.adapters.tables import rows_asked, usage
from metropool.storage.bulk import is_one_of
from metropool.storage.units import UnitContext

Row = Mapping[str, Any]


class SqlAsked:
    """Requests for meter data and what is here, in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def add(self, row: Row) -> None:
        """Keep a request."""
        self._connection.execute(insert(rows_asked).values({**row, "usage_points": json.dumps(row["usage_points"])}))

    def all(self) -> list[dict[str, Any]]:
        """Requests, the newest first."""
        query = select(rows_asked).order_by(rows_asked.c.asked_at.desc(), rows_asked.c.request)
        return [{**row, "usage_points": json.loads(row["usage_points"])} for row in self._connection.execute(query).mappings()]

    def days_held(self, *, usage_points: Sequence[str], first_day: str, last_day: str) -> int:
        """How many days of some usage points were told, each day of each once."""
        c = usage.c
        wanted = (is_one_of(self._connection, c.usage_point, list(usage_points)), c.business_date.between(first_day, last_day))
        each = select(c.usage_point, c.business_date).where(*wanted).distinct()
        return int(self._connection.execute(select(func.count()).select_from(each.subquery())).scalar_one())

    def readings(self, *, usage_points: Sequence[str], limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
        """Days of some usage points as told, the newest first, and how many there are."""
        c = usage.c
        wanted = is_one_of(self._connection, c.usage_point, list(usage_points))
        total = self._connection.execute(select(func.count()).select_from(usage).where(wanted)).scalar_one()
        names = (
            "usage_point",
            "reading_type",
            "business_date",
            "version",
            "device_number",
            "total",
            "register_start",
            "register_end",
        )
        estimated = (c.start_estimated | c.end_estimated).label("is_estimated")
        query = select(*(c[name] for name in names), estimated).where(wanted)
        rows = query.order_by(c.business_date.desc(), c.usage_point, c.reading_type).limit(limit).offset(offset)
        return [dict(row) for row in self._connection.execute(rows).mappings()], int(total)
