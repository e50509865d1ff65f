"""The table of watch in SQL."""

import json
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from metropool.capabilities.watch.model import OPEN, Watched, What
from metropool.capabilities.watch.tables import watched
from metropool.core.periods import instant_text
from metropool.storage.units import UnitContext
from metropool.storage.upsert import upsert

_INSTANTS = ("began_at", "heard_at", "acknowledged_at")


class SqlWatchBook:
    """What is watched, in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def one(self, id: str) -> Watched | None:
        """What is known of it; None when nothing is."""
        row = self._connection.execute(select(watched).where(watched.c.id == id)).mappings().one_or_none()
        return None if row is None else _watched(row)

    def put(self, watched_now: Watched) -> None:
        """Keep it in place of what was known."""
        row = {field.name: getattr(watched_now, field.name) for field in fields(watched_now)}
        instants = {name: instant_text(row[name]) for name in _INSTANTS if row[name] is not None}
        upsert(self._connection, watched, [{**row, **instants, "told": json.dumps(row["told"], ensure_ascii=False)}])

    def page(self, *, what: What, only_open: bool, offset: int, limit: int) -> tuple[list[Watched], int]:
        """What goes on and nobody has taken note of first, then the newest; and how many there are."""
        c = watched.c
        where = [c.what == what, *([c.state.in_(OPEN)] if only_open else [])]
        order = (c.state.not_in(OPEN), c.acknowledged_by.is_not(None), c.began_at.desc(), c.id)
        rows = self._connection.execute(select(watched).where(*where).order_by(*order).offset(offset).limit(limit)).mappings()
        total = self._connection.execute(select(func.count()).select_from(watched).where(*where)).scalar_one()
        return [_watched(row) for row in rows], int(total)

    def open_count(self, *, what: What) -> int:
        """How many go on."""
        query = select(func.count()).select_from(watched).where(watched.c.what == what, watched.c.state.in_(OPEN))
        return int(self._connection.execute(query).scalar_one())


def _watched(row: Any) -> Watched:
    told = {str(name): value for name, value in row.items()}
    instants = {name: datetime.fromisoformat(told[name]) for name in _INSTANTS if told[name]}
    return Watched(**{**told, **instants, "told": json.loads(told["told"])})
