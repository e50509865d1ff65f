"""Pages of rows that are made only for the page that is shown: sorted by keys before any row is built."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from metropool.core.errors import Fault, Invalid
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas.basics import Model, Page

K = TypeVar("K")
M = TypeVar("M", bound=Model)


def light_page(
    rows: Iterable[K], asked: Asked, *, keys: Mapping[str, Callable[[K], Any]], build: Callable[[K], M], as_of: datetime
) -> Page[M]:
    """The page that was asked for, each of its rows made by ``build``; otherwise as ``light_rows``."""
    some, total = light_rows(rows, asked, keys=keys)
    return Page[Any](rows=[build(row) for row in some], page=asked.page, size=asked.size, total=total, as_of=as_of)


def light_rows(rows: Iterable[K], asked: Asked, *, keys: Mapping[str, Callable[[K], Any]]) -> tuple[list[K], int]:
    """What the rows of a page are made from, and how many there are in all.

    What has no value of a column comes last, whichever way it is sorted.

    Args:
        rows: In the list's own order.
        asked: Which rows are wanted.
        keys: Column to what it is sorted by.

    Raises:
        Invalid: A column that cannot be sorted by.
    """
    unknown = [sort.column for sort in asked.sort if sort.column not in keys]
    if unknown:
        raise Invalid("not sortable by these", faults=[Fault(f"sort.{name}", "fault.unknown_column") for name in unknown])
    ordered = list(rows)
    for sort in reversed(asked.sort):
        ordered = _sorted(ordered, keys[sort.column], descending=sort.descending)
    return ordered[asked.offset : asked.offset + asked.size], len(ordered)


def _sorted(rows: list[K], key: Callable[[K], Any], *, descending: bool) -> list[K]:
    pairs = [(key(row), row) for row in rows]
    known = sorted((pair for pair in pairs if pair[0] is not None), key=lambda pair: pair[0], reverse=descending)
    return [row for _, row in known] + [row for value, row in pairs if value is None]
