"""Requests to look into what a system's own software keeps, in SQL."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select

from metropool.capabilities.door.model import HeardView
from metropool.capabilities.door.tables import door_view
from metropool.core.periods import instant_text
from metropool.exchange.messages import ViewRequested
from metropool.storage.units import UnitContext
from metropool.storage.upsert import upsert

INSTANTS = ("heard_at", "expires_at", "decided_at")
_C: Any = door_view.c


class SqlViews:
    """Requests as a door heard them, in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def one(self, *, asker: str, request: str) -> HeardView | None:
        """A request of a system; None when none came."""
        found = self._read(select(door_view).where(_C.asker == asker, _C.request == request))
        return found[0] if found else None

    def newest(self, *, limit: int) -> list[HeardView]:
        """Requests, the newest first."""
        return self._read(select(door_view).order_by(_C.heard_at.desc(), _C.asker, _C.request).limit(limit))

    def put(self, known: HeardView) -> None:
        """Keep a request as it stands now."""
        row = {name: getattr(known, name) for name in known.__struct_fields__ if name != "asked"}
        row |= {name: instant_text(row[name]) for name in INSTANTS if row[name] is not None}
        asked = {"asker": known.asked.asker, "request": known.asked.request}
        upsert(self._connection, door_view, [{**row, **asked, "asked": msgspec.json.encode(known.asked).decode()}])

    def lapsing(self, now: datetime, *, limit: int) -> list[HeardView]:
        """Requests that nobody decided on in their time."""
        query = select(door_view).where(_C.state == "waiting", _C.expires_at <= instant_text(now))
        return self._read(query.order_by(_C.expires_at).limit(limit))

    def _read(self, query: Any) -> list[HeardView]:
        return [_known({str(name): value for name, value in row.items()}) for row in self._connection.execute(query).mappings()]


def _known(row: dict[str, Any]) -> HeardView:
    row["asked"] = msgspec.json.decode(row["asked"], type=ViewRequested)
    row |= {name: datetime.fromisoformat(row[name]) for name in INSTANTS if row[name] is not None}
    return HeardView(**{name: row[name] for name in HeardView.__struct_fields__})
