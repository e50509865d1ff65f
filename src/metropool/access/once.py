"""One business request, one effect: the answer to an Idempotency-Key is kept in the same commit as its effect."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, tuple_, update

from metropool.access.tables import once
from metropool.core.errors import Conflict, Fault, Invalid
from metropool.storage.units import UnitContext
from metropool.storage.upsert import insert_into

KEPT_FOR = timedelta(days=30)
_KEY = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@dataclass(frozen=True)
class Repeatable:
    """One intention of one person, however often it is sent.

    Attributes:
        actor: Login.
        key: The ``Idempotency-Key``, 1-64 characters of ``A-Z a-z 0-9 . _ : -``.
        body_hash: Hash of method, path and body: what was asked.
    """

    actor: str
    key: str
    body_hash: str

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            fault = Fault("Idempotency-Key", "access.key_form")
            raise Invalid("the request needs an Idempotency-Key", key="access.key_needed", faults=(fault,))


@dataclass(frozen=True)
class Answer:
    """What was answered: HTTP status and JSON body."""

    status: int
    body: bytes


class Once:
    """The answers given, in one unit of work of the system that has the effect."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection
        self._now_s = int(context.now.timestamp())

    def answer(self, request: Repeatable, make: Callable[[], Answer]) -> Answer:
        """The answer kept for this request, or a new one made and kept.

        A request that fails rolls the unit back, key and all, so a repeat of it is tried again. Of concurrent repeats the
        second waits for the first one's commit (on the writer, or on the unique key) and gets its answer.

        Raises:
            Conflict: The key was used for another request.
        """
        kept = None if self._reserve(request) else self._kept(request)
        if kept is not None:
            return kept
        made = make()
        same = (once.c.actor == request.actor) & (once.c.key == request.key)
        self._connection.execute(update(once).where(same).values(status=made.status, answer=made.body))
        return made

    def forget(self, *, limit: int, older_than: timedelta = KEPT_FOR) -> int:
        """Remove at most ``limit`` old answers and return how many; payments stay unique for ever by their own business key."""
        c, before_s = once.c, self._now_s - int(older_than.total_seconds())
        old = select(c.actor, c.key).where(c.at < before_s).order_by(c.at).limit(limit)
        return self._connection.execute(delete(once).where(tuple_(c.actor, c.key).in_(old))).rowcount

    def _reserve(self, request: Repeatable) -> bool:
        row = {"actor": request.actor, "key": request.key, "body_hash": request.body_hash}
        statement = (
            insert_into(self._connection, once).values(**row, status=0, answer=b"", at=self._now_s).on_conflict_do_nothing()
        )
        return self._connection.execute(statement).rowcount == 1

    def _kept(self, request: Repeatable) -> Answer:
        query = select(once.c.body_hash, once.c.status, once.c.answer)
        row = self._connection.execute(query.where(once.c.actor == request.actor, once.c.key == request.key)).one()
        if row.body_hash != request.body_hash:
            raise Conflict(f"Idempotency-Key {request.key} was used for another request", key="access.key_reused")
        return Answer(status=row.status, body=row.answer)


def hash_of(*parts: bytes) -> str:
    """Hash of what was asked; each part's length counts, so parts cannot run into each other."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
