"""Many rows in one statement, straight to the driver: the parameters of a run's rows need no work of SQLAlchemy's per row."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Insert, Update
from sqlalchemy.sql.compiler import SQLCompiler

from metropool.capabilities.billing.ports import Row


def execute_many(connection: Connection, statement: Insert | Update, rows: Sequence[Row]) -> None:
    """Run an insert or update once for each row; every row has a value for each of its parameters, in the driver's own types."""
    if not rows:
        return
    compiled: Any = statement.compile(dialect=connection.dialect, column_keys=list(rows[0]))
    assert isinstance(compiled, SQLCompiler)
    fixed = {name: value for name, value in compiled.params.items() if name not in rows[0]}
    names = compiled.positiontup
    if names is None:
        connection.exec_driver_sql(compiled.string, [{**fixed, **row} for row in rows])
    else:
        connection.exec_driver_sql(compiled.string, [tuple([row[n] if n in row else fixed[n] for n in names]) for row in rows])
