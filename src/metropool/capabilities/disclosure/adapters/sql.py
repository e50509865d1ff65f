"""The tables of disclosure in SQL."""

import zlib
from datetime import date, datetime
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import select

from metropool.capabilities.disclosure.model import OPEN, Ints, Known, State
from metropool.capabilities.disclosure.tables import disclosed_group, disclosure_request
from metropool.core.periods import instant_text
from metropool.exchange.messages import ViewRequested
from metropool.storage.units import UnitContext
from metropool.storage.upsert import upsert

INSTANTS = ("heard_at", "first_at", "decided_at", "expires_at")


class SqlDisclosures:
    """Requests as heard and decided, and which groups were told of, in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def one(self, *, asker: str, request: str) -> Known | None:
        """A request of an asker; None when there is none."""
        c = disclosure_request.c
        found = self._read(select(disclosure_request).where(c.asker == asker, c.request == request))
        return found[0] if found else None

    def all(self, *, state: State | None = None) -> list[Known]:
        """Requests, the newest first."""
        c = disclosure_request.c
        query = select(disclosure_request).order_by(c.heard_at.desc(), c.request)
        return self._read(query if state is None else query.where(c.state == state))

    def lapsing(self, now: datetime) -> list[Known]:
        """Requests that nobody decided on in their time."""
        c = disclosure_request.c
        return self._read(select(disclosure_request).where(c.state.in_(OPEN), c.expires_at <= instant_text(now)))

    def put(self, known: Known) -> None:
        """Keep a request as it stands now."""
        row = {name: getattr(known, name) for name in known.__struct_fields__ if name != "asked"}
        row |= {name: instant_text(row[name]) for name in INSTANTS if row[name] is not None}
        row |= {"asker": known.asked.asker, "request": known.asked.request}
        row |= {"asked": msgspec.json.encode(known.asked).decode()}
        upsert(self._connection, disclosure_request, [row])

    def atoms(self, *, what: str, service: str, category: str, period: date) -> Ints:
        """Atom of each usage point by its local number; empty where nothing was told of."""
        c = disclosed_group.c
        query = select(c.atoms).where(c.what == what, c.service == service, c.category == category, c.period == period)
        packed = self._connection.execute(query).scalar()
        return np.frombuffer(zlib.decompress(packed), dtype=np.int64) if packed else np.zeros(0, dtype=np.int64)

    def put_atoms(self, atoms: Ints, *, what: str, service: str, category: str, period: date) -> None:
        """Keep the atoms after another group was told of."""
        row = {"what": what, "service": service, "category": category, "period": period}
        upsert(self._connection, disclosed_group, [{**row, "atoms": zlib.compress(atoms.tobytes(), 1)}])

    def _read(self, query: Any) -> list[Known]:
        return [_known({str(name): value for name, value in row.items()}) for row in self._connection.execute(query).mappings()]


def _known(row: dict[str, Any]) -> Known:
    row["asked"] = msgspec.json.decode(row["asked"], type=ViewRequested)
    row |= {name: datetime.fromisoformat(row[name]) for name in INSTANTS if row[name] is not None}
    return Known(**{name: row[name] for name in Known.__struct_fields__})
