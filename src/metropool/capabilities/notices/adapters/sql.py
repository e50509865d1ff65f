"""The tables of notices in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, case, delete, false, func, insert, or_, select, update

from metropool.capabilities.notices.model import KeptNotice, NoticeAtHome, Reach, Receipt
from metropool.capabilities.notices.tables import notice, notice_reach
from metropool.core.areas import Area
from metropool.core.errors import NotFound
from metropool.core.periods import instant_text
from metropool.storage.bulk import insert_columns
from metropool.storage.units import UnitContext
from metropool.storage.upsert import insert_into

_N: Any = notice.c
_R: Any = notice_reach.c
_IS_SAME = and_(_R.office == _N.office, _R.notice == _N.notice)


class SqlBoard:
    """Notices and whom they reach, in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def one(self, *, office: str, notice: str) -> KeptNotice | None:
        """What is known of a notice; None when nothing is."""
        row = self._connection.execute(select(_N).where(_is_notice(_N, office, notice))).mappings().one_or_none()
        return None if row is None else _kept(row)

    def put(self, kept: KeptNotice) -> None:
        """Keep the newest edition in place of the one before."""
        self._connection.execute(delete(notice).where(_is_notice(_N, kept.office, kept.notice)))
        row = msgspec.to_builtins(kept, builtin_types=(datetime,))
        instants = {name: instant_text(value) for name, value in row.items() if isinstance(value, datetime)}
        area = {"area": msgspec.json.encode(kept.area).decode()}
        self._connection.execute(insert(notice).values({**row, **instants, **area}))

    def reach(self, *, office: str, notice: str, accounts: Sequence[str]) -> None:
        """Let a notice be for these households; whom an earlier edition was for keeps it, as not affected."""
        changed = update(notice_reach).where(_is_notice(_R, office, notice)).values(is_affected=False)
        self._connection.execute(changed)
        upsert = insert_into(self._connection, notice_reach)
        key = [column.name for column in notice_reach.primary_key]
        statement = upsert.on_conflict_do_update(index_elements=key, set_={"is_affected": upsert.excluded.is_affected})
        many = len(accounts)
        columns: dict[str, Sequence[Any]] = {"combined_account": accounts}
        columns |= {"office": [office] * many, "notice": [notice] * many}
        columns |= {"is_affected": [True] * many, "delivered_edition": [0] * many, "read_edition": [0] * many}
        insert_columns(self._connection, statement, columns)

    def at_home(
        self, *, account: str, service: str | None, whole_city: bool, now: datetime, offset: int, limit: int
    ) -> tuple[list[NoticeAtHome], int]:
        """A page of a household's notices, and how many there are; of the whole city, others' too.

        What holds now or later comes first, then what is over or withdrawn; of each the newest first.
        """
        its = and_(_IS_SAME, _R.combined_account == account)
        joined = notice.join(notice_reach, its, isouter=whole_city)
        query = select(_N, _R.is_affected, _R.read_edition).select_from(joined)
        query = query.where(or_(_R.combined_account.is_not(None), _N.state == "published"))
        if service is not None:
            query = query.where(_N.service == service)
        total = int(self._connection.execute(select(func.count()).select_from(query.subquery())).scalar_one())
        is_past = or_(_N.state != "published", _N.ends_at <= instant_text(now))
        page = query.order_by(case((is_past, 1), else_=0), _N.published_at.desc(), _N.notice).offset(offset).limit(limit)
        return [_at_home(row) for row in self._connection.execute(page).mappings()], total

    def waiting(self, *, account: str, limit: int) -> list[KeptNotice]:
        """Notices whose newest edition has not come to the household's app, oldest first."""
        joined = notice.join(notice_reach, and_(_IS_SAME, _R.combined_account == account))
        query = select(_N).select_from(joined).where(_R.delivered_edition < _N.edition)
        rows = self._connection.execute(query.order_by(_N.published_at, _N.notice).limit(limit)).mappings()
        return [_kept(row) for row in rows]

    def unread(self, *, account: str, now: datetime) -> int:
        """How many notices that hold now or later the household has not opened."""
        joined = notice.join(notice_reach, and_(_IS_SAME, _R.combined_account == account))
        is_left = or_(_N.ends_at.is_(None), _N.ends_at > instant_text(now))
        is_unread = and_(_R.is_affected, _R.read_edition < _N.shown_edition)
        query = select(func.count()).select_from(joined).where(_N.state == "published", is_left, is_unread)
        return int(self._connection.execute(query).scalar_one())

    def receive(self, *, account: str, receipt: Receipt, now: datetime) -> bool:
        """Note a receipt; False when it says nothing new. An edition never told counts as the newest one.

        Raises:
            NotFound: The notice is not for this household.
        """
        joined = notice.join(notice_reach, and_(_IS_SAME, _R.combined_account == account))
        query = select(_N.edition, _R.delivered_edition, _R.read_edition).select_from(joined)
        row = self._connection.execute(query.where(_is_notice(_N, receipt.office, receipt.notice))).one_or_none()
        if row is None:
            raise NotFound(f"no notice {receipt.notice} for {account}")
        newest, delivered, read = row
        edition, at = min(receipt.edition, newest), instant_text(now)
        values: dict[str, object] = {"delivered_edition": edition, "delivered_at": at} if edition > delivered else {}
        if receipt.is_read and edition > read:
            values |= {"read_edition": edition, "read_at": at}
        if values:
            is_its = and_(_is_notice(_R, receipt.office, receipt.notice), _R.combined_account == account)
            self._connection.execute(update(notice_reach).where(is_its).values(values))
        return bool(values)

    def reaches(self, *, office: str) -> list[Reach]:
        """How far each notice of an office came, newest first."""
        names = ("recipients", "delivered", "read")
        conditions = (_R.is_affected, _came(_R.delivered_edition), _came(_R.read_edition))
        counts = [_count(condition).label(name) for name, condition in zip(names, conditions, strict=True)]
        query = (
            select(_N, *counts)
            .select_from(notice.join(notice_reach, _IS_SAME, isouter=True))
            .where(_N.office == office)
            .group_by(*_N)
            .order_by(_N.published_at.desc(), _N.notice)
        )
        rows = self._connection.execute(query).mappings()
        return [Reach(kept=_kept(row), **{name: int(row[name]) for name in names}) for row in rows]


def _came(edition: Any) -> ColumnElement[bool]:
    return and_(_R.is_affected, edition >= _N.shown_edition)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((func.coalesce(condition, false()), 1), else_=0)), 0)


def _is_notice(columns: Any, office: str, notice: str) -> ColumnElement[bool]:
    return and_(columns.office == office, columns.notice == notice)


def _kept(row: Any) -> KeptNotice:
    named = {name: row[name] for name in KeptNotice.__struct_fields__}
    return msgspec.convert({**named, "area": msgspec.json.decode(row["area"], type=Area)}, KeptNotice)


def _at_home(row: Any) -> NoticeAtHome:
    kept = _kept(row)
    is_read = (row["read_edition"] or 0) >= kept.shown_edition
    return NoticeAtHome(kept=kept, is_affected=bool(row["is_affected"]), is_read=is_read)
