"""Rows of a list, sorted and cut to the page that was asked for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from metropool.portal.ports.asked import Asked
from metropool.portal.schemas.basics import Model, Page

M = TypeVar("M", bound=Model)


def page_of(rows: Sequence[M], asked: Asked, *, as_of: datetime | None = None) -> Page[M]:
    """The page that was asked for; missing values sort last."""
    ordered = list(rows)
    for sort in reversed(asked.sort):
        ordered.sort(key=lambda row, column=sort.column: _key(getattr(row, column)), reverse=sort.descending)  # type: ignore[misc]
    some = ordered[asked.offset : asked.offset + asked.size]
    return Page[Any](rows=some, page=asked.page, size=asked.size, total=len(ordered), as_of=as_of)


def _key(value: Any) -> tuple[bool, Any]:
    return (value is not None, value if value is not None else 0)
