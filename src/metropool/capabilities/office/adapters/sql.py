"""The office's own tables in SQL."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import delete, insert, select

from metropool.capabilities.office.model import Content, Edition, OfficeNotice
from metropool.capabilities.office.tables import office_edition, office_notice
from metropool.core.periods import instant_text
from metropool.storage.units import UnitContext


class SqlPapers:
    """Announcements and their editions, in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def one(self, notice: str) -> OfficeNotice | None:
        """The announcement of an id; None when there is none."""
        found = self._read(select(office_notice).where(office_notice.c.id == notice))
        return found[0] if found else None

    def all(self) -> list[OfficeNotice]:
        """Every announcement, the one changed last first."""
        c = office_notice.c
        return self._read(select(office_notice).order_by(c.changed_at.desc(), c.id))

    def due(self, now: datetime) -> list[OfficeNotice]:
        """Scheduled announcements whose time has come, earliest first."""
        c = office_notice.c
        query = select(office_notice).where(c.state == "scheduled", c.publish_at <= instant_text(now))
        return self._read(query.order_by(c.publish_at, c.id))

    def put(self, notice: OfficeNotice) -> None:
        """Keep an announcement as it stands now."""
        self._connection.execute(delete(office_notice).where(office_notice.c.id == notice.id))
        row = msgspec.to_builtins(notice, builtin_types=(datetime,))
        instants = {name: instant_text(value) for name, value in row.items() if isinstance(value, datetime)}
        self._connection.execute(insert(office_notice).values({**row, **instants, "content": _text(notice.content)}))

    def add_edition(self, notice: str, edition: Edition) -> None:
        """Keep an edition that is told."""
        row = {"edition": edition.edition, "state": edition.state, "told_at": instant_text(edition.told_at)}
        row |= {"notice": notice, "content": _text(edition.content), "told_by": edition.told_by}
        self._connection.execute(insert(office_edition).values(row))

    def editions(self, notice: str) -> list[Edition]:
        """Editions that were told, oldest first."""
        c = office_edition.c
        query = select(c.edition, c.state, c.content, c.told_at, c.told_by).where(c.notice == notice).order_by(c.edition)
        return [msgspec.convert(_row(row), Edition) for row in self._connection.execute(query).mappings()]

    def _read(self, query: Any) -> list[OfficeNotice]:
        return [msgspec.convert(_row(row), OfficeNotice) for row in self._connection.execute(query).mappings()]


def _text(content: Content) -> str:
    return msgspec.json.encode(content).decode()


def _row(row: Any) -> dict[str, Any]:
    named = {str(name): value for name, value in row.items()}
    return {**named, "content": msgspec.json.decode(row["content"], type=Content)}
