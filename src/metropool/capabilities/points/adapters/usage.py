"""Household meter data on its way to gateways, in SQL."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date

from sqlalchemy import delete, select, tuple_, update

from metropool.capabilities.points.model import KeptUsage, WaitingUsage
from metropool.capabilities.points.tables import listener, usage_waiting
from metropool.storage.units import UnitContext
from metropool.storage.upsert import insert_into, upsert

_COLUMNS = [usage_waiting.c[field.name] for field in fields(WaitingUsage)]
AT_ONCE = 200


class SqlUsageDesk:
    """What waits for gateways, in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def listen(self, place: str, *, heard_at: int) -> None:
        """The gateway of a place has come in: whatever it does not have is said again."""
        upsert(self._connection, listener, [{"place": place, "heard_at": heard_at}])
        c = usage_waiting.c
        self._connection.execute(update(usage_waiting).where(c.place == place, c.received_at.is_(None)).values(said_at=None))

    def listeners(self, places: Sequence[str]) -> set[str]:
        """Those of some places that have a gateway."""
        query = select(listener.c.place).where(listener.c.place.in_(places))
        return set(self._connection.execute(query).scalars())

    def put(self, rows: Sequence[WaitingUsage]) -> None:
        """Keep blocks until they are received; an older version, or of the same one less, does not take the place of what is there."""
        if not rows:
            return
        make = insert_into(self._connection, usage_waiting)
        changed = {name: make.excluded[name] for name in ("id", "version", "known", "told", "said_at", "received_at")}
        keys = [column.name for column in usage_waiting.primary_key]
        order = ("version", "known")
        is_newer = tuple_(*(usage_waiting.c[name] for name in order)) <= tuple_(*(make.excluded[name] for name in order))
        is_news = is_newer & (usage_waiting.c.id != make.excluded["id"])
        newer = make.on_conflict_do_update(index_elements=keys, set_=changed, where=is_news)
        self._connection.execute(newer, [{**asdict(row), "said_at": None, "received_at": None} for row in rows])

    def unsaid(self) -> list[WaitingUsage]:
        """What was not said yet to gateways that do not have it, the oldest day first."""
        c = usage_waiting.c
        query = select(*_COLUMNS).where(c.said_at.is_(None), c.received_at.is_(None)).order_by(c.business_date).limit(AT_ONCE)
        return [WaitingUsage(**row) for row in self._connection.execute(query).mappings()]

    def said(self, rows: Sequence[WaitingUsage], *, at: int) -> None:
        """These were said; they are said again when their gateway comes anew."""
        ids = [row.id for row in rows]
        self._connection.execute(update(usage_waiting).where(usage_waiting.c.id.in_(ids)).values(said_at=at))

    def kept(self, place: str) -> list[KeptUsage]:
        """What is kept for a place, the newest day first, received or not."""
        c = usage_waiting.c
        query = select(*_COLUMNS, c.received_at).where(c.place == place).order_by(c.business_date.desc(), c.usage_point)
        return [KeptUsage(**row) for row in self._connection.execute(query.limit(AT_ONCE)).mappings()]

    def received(self, place: str, ids: Sequence[str], *, at: int) -> list[WaitingUsage]:
        """A place's gateway has these; returns those of them that waited."""
        c = usage_waiting.c
        waited = (c.place == place) & c.id.in_(ids) & c.received_at.is_(None)
        rows = [WaitingUsage(**row) for row in self._connection.execute(select(*_COLUMNS).where(waited)).mappings()]
        self._connection.execute(update(usage_waiting).where(waited).values(received_at=at))
        return rows

    def forget(self, *, before: date) -> int:
        """Let go of what is about days before one; returns how much."""
        return int(
            self._connection.execute(delete(usage_waiting).where(usage_waiting.c.business_date < before.isoformat())).rowcount
        )
