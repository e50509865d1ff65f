"""Many rows by column, straight from and to the driver: a run's rows need no work of SQLAlchemy's, and no mapping, per row."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Insert,
    Integer,
    String,
    any_,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult, Dialect
from sqlalchemy.sql.compiler import SQLCompiler


def insert_columns(connection: Connection, statement: Insert, columns: Mapping[str, Sequence[Any]]) -> None:
    """Insert the rows of some columns of equal length, in the driver's own types; the columns are all the statement sets."""
    _insert(connection, statement, columns, {})


def insert_frame(connection: Connection, statement: Insert, rows: pl.DataFrame) -> None:
    """Insert the rows of a frame. A column that is the same in all rows is said once, in the statement: half of a run's are."""
    same = {column.name: column[0] for column in rows if len(column) > 1 and _is_same(column)}
    _insert(connection, statement, {column.name: column.to_list() for column in rows if column.name not in same}, same)


def _insert(
    connection: Connection, statement: Insert, columns: Mapping[str, Sequence[Any]], same: Mapping[str, str | int | None]
) -> None:
    rows = list(zip(*columns.values(), strict=True))
    if rows:
        connection.exec_driver_sql(_positional(connection, statement, tuple(columns), same), rows)


def _is_same(column: pl.Series) -> bool:
    return bool(column.eq_missing(column.first()).all())


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


def listed(connection: Connection, values: Sequence[str]) -> FromClause:
    """Many values as a table to join, ``place`` from 0 and ``value``: one parameter however many they are."""
    if connection.dialect.name == "sqlite":
        each = func.json_each(json.dumps(values)).table_valued(Column("key", Integer), Column("value", String))
        return select(each.c.key.label("place"), each.c.value).subquery("listed")
    many = func.unnest(literal(values, postgresql.ARRAY(String)))
    row = many.table_valued(Column("value", String), with_ordinality="ordinality").render_derived()
    return select((row.c.ordinality - 1).label("place"), row.c.value).subquery("listed")


def _positional(connection: Connection, statement: Insert, names: tuple[str, ...], same: Mapping[str, str | int | None]) -> str:
    """The statement with its parameters by position, in the order of the names, and the values that are the same written out."""
    make: Any = sqlite.dialect if connection.dialect.name == "sqlite" else postgresql.dialect
    dialect: Dialect = make(paramstyle="qmark" if make is sqlite.dialect else "format")
    plain: Dialect = make(paramstyle="named")  # here a percent sign is not doubled: the whole statement does that, once
    types = {name: statement.table.c[name].type for name in same}
    said: dict[str, ColumnElement[Any]] = {
        name: literal_column(_written(literal(value, types[name]), plain)) for name, value in same.items()
    }
    told = (
        statement.values(said) if said else statement
    ).inline()  # no RETURNING: sqlite3 of Python 3.12 refuses it for many rows
    compiled: Any = told.compile(dialect=dialect, column_keys=[*names, *said])
    assert isinstance(compiled, SQLCompiler)
    assert compiled.positiontup == list(names), f"{compiled.positiontup} are not {names}"
    return compiled.string


def _written(value: ColumnElement[Any], dialect: Dialect) -> str:
    return str(value.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
