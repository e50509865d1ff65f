"""Lists: which page of which rows, and the same rows as a file."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Depends, Query, Response

from metropool.core.errors import Fault, Invalid
from metropool.core.texts import Language
from metropool.portal.call import answer
from metropool.portal.exports import FILE_TYPES, FileKind, file_of
from metropool.portal.ports.asked import Asked, Sort
from metropool.portal.schemas.basics import Model, Page

R = TypeVar("R", bound=Model)
EXPORTED_ROWS = 100_000


@dataclass(frozen=True)
class Export:
    """Whether a file is wanted, of which kind and in which language."""

    kind: FileKind | None
    language: Language


@dataclass(frozen=True)
class Listing:
    """Which rows are wanted, as a page or as a file."""

    page: int
    size: int
    sort: str
    export: Export


def export_of(format: Literal["csv", "xlsx"] | None = None, language: Language = "zh") -> Export:
    """Read ``?format=&language=``."""
    return Export(kind=format, language=language)


ExportOf = Annotated[Export, Depends(export_of)]


def listing_of(
    export: ExportOf,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    size: Annotated[int, Query(ge=1, le=200)] = 20,
    sort: Annotated[str, Query(max_length=200, examples=["-due_date,number"])] = "",
) -> Listing:
    """Read ``?page=&size=&sort=`` and the export."""
    return Listing(page=page, size=size, sort=sort, export=export)


ListingOf = Annotated[Listing, Depends(listing_of)]


async def list_rows(listing: Listing, row: type[R], name: str, fetch: Callable[[Asked], Awaitable[Page[R]]]) -> Response:
    """Answer with a page in JSON, or with all rows as a file.

    Args:
        listing: What is wanted.
        row: Model of a row; its fields are the columns to sort by.
        name: Name of the file.
        fetch: Gets the rows.

    Raises:
        Invalid: An unknown column to sort by.
    """
    sort = _sort(listing.sort, row)
    if listing.export.kind is None:
        return answer(await fetch(Asked(page=listing.page, size=listing.size, sort=sort)))
    found = await fetch(Asked(page=1, size=EXPORTED_ROWS, sort=sort))
    return await export_rows(listing.export, row, found.rows, name)


async def export_rows(
    export: Export, row: type[Model], rows: list[Any], name: str, *, units: Mapping[str, str] | None = None
) -> Response:
    """Rows as a file to keep; ``units`` of columns stand in their headers."""
    kind = export.kind or "csv"
    body = await asyncio.to_thread(file_of, kind, row, rows, export.language, units or {})
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return Response(body, media_type=FILE_TYPES[kind], headers=headers)


def _sort(text: str, row: type[Model]) -> tuple[Sort, ...]:
    names = [part for part in text.split(",") if part]
    sort = tuple(Sort(column=name.removeprefix("-"), descending=name.startswith("-")) for name in names)
    unknown = [one.column for one in sort if one.column not in sortable(row)]
    if unknown:
        raise Invalid("unknown columns to sort by", faults=[Fault(f"sort.{name}", "fault.unknown_column") for name in unknown])
    return sort


def sortable(row: type[Model]) -> frozenset[str]:
    """Columns of a row by which it can be sorted."""
    return frozenset(field.alias or name for name, field in row.model_fields.items())
