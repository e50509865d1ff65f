"""Insert or change many rows in one statement, on SQLite and PostgreSQL."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite


def insert_into(connection: Connection, table: Table) -> Any:
    """An insert of the database's own dialect, which knows ``on_conflict``."""
    make = insert_sqlite if connection.dialect.name == "sqlite" else insert_postgresql
    return make(table)


def upsert(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], change: Sequence[str] = (), *, newest_by: str = ""
) -> None:
    """Insert rows; where the key is there already, change the columns ``change`` (all that are not key, when empty).

    With ``newest_by`` a row that is less in that column than what is there changes nothing.
    """
    if not rows:
        return
    make = insert_into(connection, table)
    keys = [column.name for column in table.primary_key]
    names = change or [name for name in rows[0] if name not in keys]
    changed = {name: make.excluded[name] for name in names}
    is_news = table.c[newest_by] <= make.excluded[newest_by] if newest_by else None
    connection.execute(make.on_conflict_do_update(index_elements=keys, set_=changed, where=is_news), [dict(row) for row in rows])
