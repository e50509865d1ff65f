"""Lock-out (锁定) by login and by source; a login that does not exist is counted like one that does."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, delete, select

from metropool.access.tables import attempt
from metropool.storage.upsert import insert_into


@dataclass(frozen=True)
class LockoutRule:
    """How many wrong sign-ins lock, for how long.

    Attributes:
        by_login, by_source: Wrong sign-ins within ``window`` that lock.
        window: Business time after which old failures no longer count; also how long a lock lasts.
    """

    by_login: int = 5
    by_source: int = 30
    window: timedelta = timedelta(minutes=15)


class Lockout:
    """Counts failures in one unit of work.

    Args:
        connection: The open transaction.
        rule: The limits.
        now_s: The instant of the unit, Unix seconds.
    """

    def __init__(self, connection: Connection, rule: LockoutRule, now_s: int) -> None:
        self._connection = connection
        self._rule = rule
        self._now_s = now_s

    def locked_until(self, *, login: str, source: str) -> int:
        """Unix seconds until which sign-in is locked; 0 when it is not."""
        c = attempt.c
        wanted = (c.kind == "login") & (c.subject == _subject(login)) | (c.kind == "source") & (c.subject == _subject(source))
        until = max(self._connection.execute(select(c.locked_until).where(wanted)).scalars(), default=0)
        return until if until > self._now_s else 0

    def failed(self, *, login: str, source: str) -> None:
        """Count a wrong sign-in against both, and forget what is too old to count."""
        window_s = int(self._rule.window.total_seconds())
        self.forget()
        for kind, subject, limit in (("login", login, self._rule.by_login), ("source", source, self._rule.by_source)):
            self._count(kind, _subject(subject), limit, window_s)

    def forget(self) -> int:
        """Remove failures that are too old to count and lock nobody; returns how many."""
        c, before_s = attempt.c, self._now_s - int(self._rule.window.total_seconds())
        return self._connection.execute(delete(attempt).where(c.first_at < before_s, c.locked_until <= self._now_s)).rowcount

    def clear(self, *, login: str) -> None:
        """Forget the failures of a login: it signed in, or an administrator unlocked it."""
        self._connection.execute(delete(attempt).where(attempt.c.kind == "login", attempt.c.subject == _subject(login)))

    def _count(self, kind: str, subject: str, limit: int, window_s: int) -> None:
        c = attempt.c
        row = self._connection.execute(select(attempt).where(c.kind == kind, c.subject == subject)).mappings().first()
        failures = (row["failures"] if row else 0) + 1
        values = {
            "failures": failures,
            "first_at": row["first_at"] if row else self._now_s,
            "locked_until": self._now_s + window_s if failures >= limit else 0,
        }
        added = insert_into(self._connection, attempt).values(kind=kind, subject=subject, **values)
        self._connection.execute(added.on_conflict_do_update(index_elements=["kind", "subject"], set_=values))


def _subject(text: str) -> str:
    """What is stored of a login or address that may be anything a stranger typed."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]
