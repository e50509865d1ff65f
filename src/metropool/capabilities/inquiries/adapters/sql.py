"""The tables of inquiries in SQL."""

from datetime import datetime
from typing import Any

import msgspec
import pyarrow as pa
from sqlalchemy import delete, select

from metropool.capabilities.inquiries.model import Inquiry, State
from metropool.capabilities.inquiries.tables import inquiry, inquiry_page
from metropool.core.periods import instant_text
from metropool.exchange.messages import ViewRequested
from metropool.storage.units import UnitContext
from metropool.storage.upsert import insert_into, upsert

INSTANTS = ("asked_at", "decided_at", "expires_at", "forgotten_at")


class SqlInquiries:
    """Requests as asked and answered, in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def one(self, request: str) -> Inquiry | None:
        """The request of an id; None when there is none."""
        found = self._read(select(inquiry).where(inquiry.c.request == request))
        return found[0] if found else None

    def all(self, *, state: State | None = None) -> list[Inquiry]:
        """Requests, the newest first."""
        query = select(inquiry).order_by(inquiry.c.asked_at.desc(), inquiry.c.request)
        return self._read(query if state is None else query.where(inquiry.c.state == state))

    def put(self, known: Inquiry) -> None:
        """Keep a request as it stands now."""
        row = {name: getattr(known, name) for name in known.__struct_fields__ if name != "asked"}
        row |= {name: instant_text(row[name]) for name in INSTANTS if row[name] is not None}
        row |= {"request": known.request, "asked": msgspec.json.encode(known.asked).decode()}
        upsert(self._connection, inquiry, [row])

    def add_page(self, request: str, page: int, rows: pa.Table) -> bool:
        """Keep a page of an answer; False when it is here already."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema) as writer:
            writer.write_table(rows)
        row = {"request": request, "page": page, "rows": sink.getvalue().to_pybytes()}
        statement = insert_into(self._connection, inquiry_page).on_conflict_do_nothing().returning(inquiry_page.c.page)
        return self._connection.execute(statement, row).first() is not None

    def pages(self, request: str) -> list[pa.Table]:
        """The pages that are here, in order."""
        c = inquiry_page.c
        packed = self._connection.execute(select(c.rows).where(c.request == request).order_by(c.page)).scalars()
        return [pa.ipc.open_stream(one).read_all() for one in packed]

    def forget(self, request: str) -> None:
        """Delete the content of an answer."""
        self._connection.execute(delete(inquiry_page).where(inquiry_page.c.request == request))

    def over(self, now: datetime) -> list[Inquiry]:
        """Requests whose use has ended and that do not say so yet."""
        c = inquiry.c
        return self._read(select(inquiry).where(c.state.in_(("asked", "approved")), c.expires_at <= instant_text(now)))

    def _read(self, query: Any) -> list[Inquiry]:
        return [_known({str(name): value for name, value in row.items()}) for row in self._connection.execute(query).mappings()]


def _known(row: dict[str, Any]) -> Inquiry:
    row["asked"] = msgspec.json.decode(row["asked"], type=ViewRequested)
    row |= {name: datetime.fromisoformat(row[name]) for name in INSTANTS if row[name] is not None}
    return Inquiry(**{name: row[name] for name in Inquiry.__struct_fields__})
