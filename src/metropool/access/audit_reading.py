"""Rows of the audit chain, found by time, actor, action, object and outcome."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from metropool.access.tables import audit
from metropool.core.clock import Instant


@dataclass(frozen=True)
class Noted:
    """One row of the chain."""

    number: int
    at: Instant
    actor: str
    action: str
    object: str
    outcome: str
    correlation: str
    details: Mapping[str, Any]
    hash: str


@dataclass(frozen=True)
class AuditFilter:
    """Which rows are wanted; what is empty is not looked at. ``actor`` equals, ``action`` and ``on`` are contained.

    Attributes:
        since: From this instant on; ``until``: before this one.
    """

    actor: str = ""
    action: str = ""
    on: str = ""
    outcome: str = ""
    since: Instant | None = None
    until: Instant | None = None


def audit_rows(connection: Connection, wanted: AuditFilter, *, limit: int, offset: int = 0) -> tuple[list[Noted], int]:
    """Rows of a page, the newest first, and how many there are."""
    conditions = _conditions(wanted)
    total = connection.execute(select(func.count()).select_from(audit).where(*conditions)).scalar_one()
    query = select(audit).where(*conditions).order_by(audit.c.number.desc()).limit(limit).offset(offset)
    return [_row(row) for row in connection.execute(query).mappings()], int(total)


def _conditions(wanted: AuditFilter) -> list[Any]:
    c = audit.c
    given = (
        (wanted.actor, c.actor == wanted.actor),
        (wanted.outcome, c.outcome == wanted.outcome),
        (wanted.action, c.action.contains(wanted.action, autoescape=True)),
        (wanted.on, c.object.contains(wanted.on, autoescape=True)),
        (wanted.since, c.at >= (wanted.since.timestamp() if wanted.since else 0)),
        (wanted.until, c.at < (wanted.until.timestamp() if wanted.until else 0)),
    )
    return [condition for value, condition in given if value]


def _row(row: Any) -> Noted:
    values = {name: row[name] for name in ("number", "actor", "action", "object", "outcome", "correlation", "hash")}
    return Noted(**values, at=datetime.fromtimestamp(row["at"], UTC), details=json.loads(row["details"]))
