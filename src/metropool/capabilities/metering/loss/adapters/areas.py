"""Supply areas as the registry has them: which point measures what enters a node, and which points are supplied through it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, or_, select

from metropool.core.periods import day_period
from metropool.facts.registry.tables import channel, installation, link, usage_point

MEASURES, SUPPLIES = "measures", "supplies"


class AreaRows:
    """Reads dated links of the registry."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def supply(self, *, service: str, day: date) -> Sequence[Row[Any]]:
        """Node and number of the usage point that measures what enters it on a day, by node."""
        query = select(link.c.to_node, usage_point.c.number).join(usage_point, usage_point.c.id == link.c.from_node)
        return self._valid(query, kind=MEASURES, service=service, day=day, order=link.c.to_node)

    def sold(self, *, service: str, day: date) -> Sequence[Row[Any]]:
        """Node and number of each usage point that is supplied through it on a day, by node."""
        query = select(link.c.from_node, usage_point.c.number).join(usage_point, usage_point.c.id == link.c.to_node)
        return self._valid(query, kind=SUPPLIES, service=service, day=day, order=link.c.from_node)

    def metering(self, *, reading_type: int, day: date) -> set[int]:
        """Numbers of usage points at which a reading type is installed on a day."""
        period = day_period(day)
        c = installation.c
        query = (
            select(c.usage_point)
            .join(channel, channel.c.id == c.channel)
            .where(channel.c.reading_type == reading_type, c.replaced_by.is_(None))
            .where(c.valid_from < int(period.end.timestamp()))
            .where(or_(c.valid_to.is_(None), c.valid_to > int(period.start.timestamp())))
        )
        return set(self._connection.execute(query.distinct()).scalars())

    def _valid(self, query: Any, *, kind: str, service: str, day: date, order: ColumnElement[Any]) -> Sequence[Row[Any]]:
        text = day.isoformat()
        dated = link.c.valid_from <= text, or_(link.c.valid_to.is_(None), link.c.valid_to > text)
        chosen = query.where(link.c.kind == kind, usage_point.c.service == service, *dated)
        found: Sequence[Row[Any]] = self._connection.execute(chosen.order_by(order, usage_point.c.number)).all()
        return found
