"""The table of sharing in SQL."""

from datetime import datetime

import msgspec
from sqlalchemy import select

from metropool.capabilities.sharing.model import Passed
from metropool.capabilities.sharing.tables import passed_request
from metropool.core.periods import instant_text
from metropool.exchange.messages import ViewRequested
from metropool.storage.units import UnitContext
from metropool.storage.upsert import upsert


class SqlPassedRequests:
    """Requests that were passed on, in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def one(self, *, asker: str, request: str) -> Passed | None:
        """A request of an asker; None when none went through here."""
        c = passed_request.c
        query = select(c.asked, c.state, c.heard_at).where(c.asker == asker, c.request == request)
        row = self._connection.execute(query).first()
        if row is None:
            return None
        asked = msgspec.json.decode(row.asked, type=ViewRequested)
        return Passed(asked=asked, state=row.state, heard_at=datetime.fromisoformat(row.heard_at))

    def put(self, passed: Passed) -> None:
        """Keep a request as it stands now."""
        row = {"asker": passed.asked.asker, "request": passed.asked.request, "state": passed.state}
        row |= {"asked": msgspec.json.encode(passed.asked).decode(), "heard_at": instant_text(passed.heard_at)}
        upsert(self._connection, passed_request, [row])
