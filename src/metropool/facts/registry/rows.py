"""Rows of the registry's tables, and what is asked of any of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import Table, func, select

from metropool.core.errors import NotFound
from metropool.storage.matching import matching
from metropool.storage.units import UnitContext
from metropool.storage.upsert import insert_into

Row = Mapping[str, Any]


class Rows:
    """The tables of the registry, in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._context = context
        self._connection = context.connection

    def add(self, table: Table, rows: Sequence[Row]) -> int:
        """Insert rows that are not there yet; rows with a key that exists are left as they are. Returns how many were new."""
        if not rows:
            return 0
        before = self.count(table)
        self._connection.execute(insert_into(self._connection, table).on_conflict_do_nothing(), [dict(row) for row in rows])
        return self.count(table) - before

    def count(self, table: Table) -> int:
        """How many rows a table of the registry has."""
        return int(self._connection.execute(select(func.count()).select_from(table)).scalar_one())

    def rows(self, table: Table, **equal: object) -> list[Row]:
        """Rows whose columns equal the given values; a tuple or list means any of them."""
        query = select(table).where(*matching(table, equal))
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def one(self, table: Table, **equal: object) -> Row:
        """The one row with these values.

        Raises:
            NotFound: There is none.
        """
        found = self.rows(table, **equal)
        if not found:
            wanted = ", ".join(f"{name} {value}" for name, value in equal.items())
            raise NotFound(f"no {table.name} with {wanted}")
        return found[0]


def columns(rows: Sequence[Any], kinds: Mapping[str, pa.DataType]) -> pa.Table:
    """Rows as columns of these names and types."""
    given = list(zip(*rows, strict=True)) or [()] * len(kinds)
    return pa.table({name: pa.array(values, type=kind) for (name, kind), values in zip(kinds.items(), given, strict=True)})
