"""Rows as CSV or XLSX: headers in the reader's language, amounts in yuan, and no cell that a spreadsheet would run."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import xlsxwriter

from metropool.core.money import to_cny
from metropool.core.texts import Language, texts_of
from metropool.portal.schemas.basics import Figure, Model, Text, show_instant

FileKind = Literal["csv", "xlsx"]
FILE_TYPES: Mapping[FileKind, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
Cell = str | int | float | Decimal | None
_RUNNABLE = ("=", "+", "-", "@", "\t", "\r", "\n")


def file_of(
    kind: FileKind, row: type[Model], rows: Iterable[Model], language: Language, units: Mapping[str, str] | None = None
) -> bytes:
    """The file of some rows of one model; a column with a unit has it in its header."""
    names, known = columns_of(row), units or {}
    headers = [f"{header(name, language)} ({known[name]})" if name in known else header(name, language) for name in names]
    write = _csv if kind == "csv" else _xlsx
    return write(headers, ([_cell(value, language) for value in _flat(one)] for one in rows))


def columns_of(row: type[Model]) -> list[str]:
    """The columns of a row's model: its plain fields; a figure is its value, its unit and its age."""
    columns: list[str] = []
    for name, field in row.model_fields.items():
        key = field.alias or name
        if _is(field.annotation, Figure):
            columns += [key, f"{key}_unit", f"{key}_as_of"]
        elif not _is_nested(field.annotation):
            columns.append(key)
    return columns


def header(name: str, language: Language) -> str:
    """What a column is called."""
    texts = texts_of("metropool.portal")
    for suffix in ("_unit", "_as_of"):
        if f"column.{name}" not in texts and name.endswith(suffix):
            base = texts[f"column.{name.removesuffix(suffix)}"][language]
            return f"{base} {texts[f'column.{suffix}'][language]}"
    return texts[f"column.{name}"][language]


def neutral(text: str) -> str:
    """Text that a spreadsheet shows and never runs."""
    return f"'{text}" if text.lstrip(" ").startswith(_RUNNABLE) else text


def _flat(one: Model) -> list[Any]:
    values: list[Any] = []
    for name, field in type(one).model_fields.items():
        value = getattr(one, name)
        if _is(field.annotation, Figure):
            values += [value.value, value.unit, value.as_of] if value is not None else [None, None, None]
        elif not _is_nested(field.annotation):
            values.append(to_cny(value) if name.endswith("_fen") and value is not None else value)
    return values


def _cell(value: Any, language: Language) -> Cell:
    if value is None or (isinstance(value, int | float | Decimal) and not isinstance(value, bool)):
        return value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Text):
        return neutral(value.zh if language == "zh" else value.en)
    if isinstance(value, datetime):
        return show_instant(value)
    return value.isoformat() if isinstance(value, date) else neutral(str(value))


def _csv(headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headers)
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _xlsx(headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    out = io.BytesIO()
    options = {"in_memory": True, "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, headers, book.add_format({"bold": True}))
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                _write(sheet, number, column, cell)
    return out.getvalue()


def _write(sheet: Any, row: int, column: int, cell: Cell) -> None:
    put: Callable[..., Any] = sheet.write_string if isinstance(cell, str) else sheet.write_number
    if cell is not None:
        put(row, column, cell)


def _is(annotation: Any, kind: type) -> bool:
    return annotation is kind or kind in getattr(annotation, "__args__", ())


def _is_nested(annotation: Any) -> bool:
    """Lists and models have no place in a cell; a text does."""
    kinds = (annotation, *getattr(annotation, "__args__", ()))
    is_list = getattr(annotation, "__origin__", None) in (list, dict, tuple)
    return is_list or any(isinstance(kind, type) and issubclass(kind, Model) and kind is not Text for kind in kinds)
