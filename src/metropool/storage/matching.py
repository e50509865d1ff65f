"""Rows by the values of their columns."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Table


def matching(table: Table, equal: Mapping[str, object]) -> list[ColumnElement[bool]]:
    """Conditions that columns equal the given values: any of them where several are given, NULL where it is None."""
    return [
        table.c[name].in_(value) if isinstance(value, list | tuple | set) else table.c[name] == value
        for name, value in equal.items()
    ]
