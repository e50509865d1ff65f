"""The audit chain (审计): who did what to which, with what outcome; every row covers the one before it."""

import json
from collections.abc import Iterator, Mapping
from typing import Literal

from sqlalchemy import Connection, delete, insert, select

from metropool.access.tables import audit, audit_head
from metropool.core.texts import Sentence
from metropool.storage.chain import GENESIS, canonical, link, verify

Outcome = Literal["done", "refused", "forbidden", "broken"]
"""How what was tried ended: done; refused by what was given; forbidden by rights; a chain found broken."""
_HASHED = ("number", "at", "actor", "action", "object", "outcome", "correlation", "details")


class Audit:
    """The audit of one system, in one unit of work.

    Args:
        connection: The open transaction.
        now_s: The instant of the unit, Unix seconds.
    """

    def __init__(self, connection: Connection, now_s: int) -> None:
        self._connection = connection
        self._now_s = now_s

    def note(
        self,
        *,
        actor: str,
        action: str,
        on: str,
        outcome: Outcome,
        correlation: str = "",
        details: Mapping[str, object] | None = None,
    ) -> str:
        """Add a row to the chain and return its hash."""
        number, previous = self.head()
        row: dict[str, object] = {
            "number": number + 1,
            "at": self._now_s,
            "actor": actor,
            "action": action,
            "object": on,
            "outcome": outcome,
            "correlation": correlation,
            "details": json.dumps(details or {}, sort_keys=True, ensure_ascii=False),
        }
        hashed = link(previous, canonical(row))
        self._connection.execute(insert(audit).values(**row, hash=hashed))
        self._connection.execute(delete(audit_head))
        self._connection.execute(insert(audit_head).values(id=1, number=number + 1, hash=hashed))
        return hashed

    def head(self) -> tuple[int, str]:
        """Number and hash of the newest row; to be anchored elsewhere too."""
        row = self._connection.execute(select(audit_head.c.number, audit_head.c.hash)).first()
        return (row[0], row[1]) if row else (0, GENESIS)

    def hash_of(self, number: int) -> str | None:
        """Hash of the chain after a row; None when there is no such row."""
        if number == 0:
            return GENESIS
        return self._connection.execute(select(audit.c.hash).where(audit.c.number == number)).scalar()

    def first_bad(self) -> int | None:
        """Index of the first row that was altered, removed, added or moved; None when the chain is whole."""
        return verify(self._rows(), head=self.head()[1])

    def examine(self) -> tuple[int, Sentence | None]:
        """How many rows are right from the first, and what is wrong with the next; None when the chain is whole."""
        bad, number = self.first_bad(), self.head()[0]
        return (number, None) if bad is None else (bad, touched(bad + 1))

    def _rows(self) -> Iterator[tuple[bytes, str]]:
        query = select(*(audit.c[name] for name in _HASHED), audit.c.hash).order_by(audit.c.number)
        for row in self._connection.execution_options(yield_per=10_000).execute(query):
            *content, stored = row
            yield canonical(dict(zip(_HASHED, content, strict=True))), stored


def touched(row: int) -> Sentence:
    """What is said of a row that is not what was noted."""
    return Sentence("metropool.access", "audit_touched", {"row": row})
