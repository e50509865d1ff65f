"""Many rows by column, straight from and to the driver: a run's rows need no work of SQLAlchemy's, and no mapping, per row."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Connection, Insert, String, any_, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult, Dialect
from sqlalchemy.sql.compiler import SQLCompiler

Same = str | int | None


def insert_columns(
    connection: Connection, statement: Insert, columns: Mapping[str, Sequence[Any]], *, same: Mapping[str, Same] | None = None
) -> None:
    """Insert the rows of some columns of equal length, in the driver's own types.

    Args:
        connection: The open transaction.
        statement: The insert; ``columns`` and ``same`` are all it sets.
        columns: A value a row.
        same: Columns that have one value in all rows; it is said once, in the statement.
    """
    rows = list(zip(*columns.values(), strict=True))
    if rows:
        connection.exec_driver_sql(_positional(connection, statement, tuple(columns), same or {}), rows)


def columns_of(result: CursorResult[Any]) -> list[Sequence[Any]]:
    """All rows of a query by column, in the driver's own types; empty when there are none."""
    cursor: Any = result.cursor
    columns: list[Sequence[Any]] = list(zip(*cursor.fetchall(), strict=True))
    result.close()
    return columns


def frame_of(result: CursorResult[Any], schema: Mapping[str, Any]) -> pl.DataFrame:
    """All rows of a query as a frame with the names and types of its columns."""
    columns = columns_of(result) or [()] * len(schema)
    return pl.DataFrame({name: pl.Series(column).cast(schema[name]) for name, column in zip(schema, columns, strict=True)})


def is_one_of(connection: Connection, column: ColumnElement[str], values: Sequence[str]) -> ColumnElement[bool]:
    """Whether a column has one of many values: one parameter however many they are."""
    if connection.dialect.name == "sqlite":
        return column.in_(select(func.json_each(json.dumps(values)).table_valued("value").c.value))
    return column == any_(literal(values, postgresql.ARRAY(String)))


def _positional(connection: Connection, statement: Insert, names: tuple[str, ...], same: Mapping[str, Same]) -> str:
    """The statement with its parameters by position, in the order of the names."""
    make: Any = sqlite.dialect if connection.dialect.name == "sqlite" else postgresql.dialect
    dialect: Dialect = make(paramstyle="qmark" if make is sqlite.dialect else "format")
    said = {name: literal(value, literal_execute=True) for name, value in same.items()}
    valued = statement.values(said) if said else statement
    compiled: Any = valued.compile(dialect=dialect, column_keys=[*names, *said], compile_kwargs={"render_postcompile": True})
    assert isinstance(compiled, SQLCompiler)
    assert compiled.positiontup == list(names), f"{compiled.positiontup} are not {names}"
    return compiled.string
