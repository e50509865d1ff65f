"""Many rows by column, straight from and to the driver: a run's rows need no work of SQLAlchemy's, and no mapping, per row."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl
from sqlalchemy import Connection, Insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult, Dialect
from sqlalchemy.sql.compiler import SQLCompiler

VALUES_A_QUERY = 5_000
"""Values of one ``IN``; both databases take several times as many."""


def insert_columns(connection: Connection, statement: Insert, columns: Mapping[str, Sequence[Any]]) -> None:
    """Insert the rows of some columns of equal length, in the driver's own types; the columns are all the statement sets."""
    rows = list(zip(*columns.values(), strict=True))
    if rows:
        connection.exec_driver_sql(_positional(connection, statement, tuple(columns)), rows)


def frame_of(result: CursorResult[Any], schema: Mapping[str, Any]) -> pl.DataFrame:
    """All rows of a query as a frame with the names and types of its columns."""
    columns: Sequence[Sequence[Any]] = list(zip(*result.all(), strict=True)) or [()] * len(schema)
    return pl.DataFrame(dict(zip(schema, columns, strict=True)), schema=schema)


def slices(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """The values in pieces that one query takes."""
    for start in range(0, len(values), VALUES_A_QUERY):
        yield values[start : start + VALUES_A_QUERY]


def _positional(connection: Connection, statement: Insert, names: tuple[str, ...]) -> str:
    """The statement with its parameters by position, in the order of the names."""
    dialect: Dialect = sqlite.dialect() if connection.dialect.name == "sqlite" else postgresql.dialect(paramstyle="format")
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(names))
    assert isinstance(compiled, SQLCompiler)
    assert compiled.positiontup == list(names), f"{compiled.positiontup} are not {names}"
    return compiled.string
