"""Files as batches of columns with the line of every row; one that breaks off or is not the text it claims is refused whole."""

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from metropool.capabilities.metering.imports.doubts import Doubts
from metropool.capabilities.metering.imports.faults import fault, sentence
from metropool.capabilities.metering.imports.mapping.model import Mapping
from metropool.capabilities.metering.imports.text_lines import TextLines, open_bytes
from metropool.core.errors import Invalid

BATCH_BYTES = 4 << 20
_HEAD_BYTES = 64 << 10
_PARQUET, _ZIP = b"PAR1", b"PK\x03\x04"


@dataclass(frozen=True)
class Batch:
    """Some rows: columns of text (CSV) or of the file's own types (Parquet), and the line of each row, from 1."""

    columns: dict[str, pa.Array]
    line: npt.NDArray[np.int64]


def sha256_of(path: Path) -> str:
    """Hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet, by its first bytes."""
    with path.open("rb") as file:
        return file.read(4) == _PARQUET


def header_candidates(path: Path) -> list[str]:
    """The first lines of a text file, for choosing a mapping; undecodable bytes are replaced.

    Raises:
        Invalid: The file is empty.
    """
    head = _head_of(path)
    if not head.strip():
        raise Invalid.that(sentence("empty", file=path.name))
    if head.startswith(_ZIP):
        raise Invalid.that(sentence("archive", file=path.name))
    text: str = head.decode("utf-8-sig", errors="replace")
    return text.splitlines()[:40]


def _head_of(path: Path) -> bytes:
    """The first bytes of a file, as far as they can be had."""
    head = b""
    with open_bytes(path) as stream:
        try:
            while len(head) < _HEAD_BYTES and (more := stream.read1(_HEAD_BYTES)):
                head += more
        except (EOFError, zlib.error, OSError) as cause:
            if not head:
                raise Invalid.that(sentence("not_unpacked", file=path.name, reason=str(cause))) from cause
    return head


def parquet_names(path: Path) -> list[str]:
    """Column names of a Parquet file.

    Raises:
        Invalid: The file is damaged.
    """
    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowInvalid, OSError) as cause:
        raise Invalid.that(sentence("no_parquet", file=path.name, reason=str(cause))) from cause


def read_batches(path: Path, mapping: Mapping, doubts: Doubts) -> Iterator[Batch]:
    """Batches of the columns the mapping uses; rows of a wrong shape go to ``doubts``.

    Raises:
        Invalid: A column is missing, the text is not in its encoding, the file breaks off; with the line where there is one.
    """
    return _parquet(path, mapping) if mapping.format == "parquet" else _csv(path, mapping, doubts)


def _parquet(path: Path, mapping: Mapping) -> Iterator[Batch]:
    names = parquet_names(path)
    _require(mapping, names, path)
    _refuse_nested(mapping, path)
    line = 1
    try:
        for batch in pq.ParquetFile(path).iter_batches(batch_size=1 << 18, columns=list(mapping.used)):
            columns = {name: _plain(batch.column(name)) for name in mapping.used}
            yield Batch(columns=columns, line=np.arange(line, line + batch.num_rows, dtype=np.int64))
            line += batch.num_rows
    except (pa.ArrowInvalid, OSError) as cause:
        raise Invalid.that(sentence("breaks_off_row", file=path.name, row=line - 1, reason=str(cause))) from cause


def _refuse_nested(mapping: Mapping, path: Path) -> None:
    types = {name: pq.read_schema(path).field(name).type for name in mapping.used}
    nested = {name: str(kind) for name, kind in types.items() if pa.types.is_nested(kind)}
    faults = [fault(sentence("the_column", name=name), "column_nested", kind=kind) for name, kind in nested.items()]
    if faults:
        raise Invalid.that(sentence("unfit", file=path.name, mapping=mapping.name), faults=faults)


def _plain(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _csv(path: Path, mapping: Mapping, doubts: Doubts) -> Iterator[Batch]:
    header_candidates(path)
    with open_bytes(path) as raw:
        text = TextLines(raw, encoding=mapping.encoding, path=path, doubts=doubts)
        names = _header(text, mapping, path)
        _require(mapping, names, path)
        yield from _rows(text, names, mapping, doubts)


def _header(text: TextLines, mapping: Mapping, path: Path) -> list[str]:
    lines = [text.first_line() for _ in range(mapping.first_line - 1)]
    if not mapping.header_line:
        lines.append(text.first_line())
        text.put_back(lines[-1])
    names = names_in([line.decode("utf-8-sig") for line in lines], mapping)
    if not names:
        what = "no_header" if any(line.strip() for line in lines) else "empty"
        raise Invalid.that(sentence(what, file=path.name, line=mapping.header_line))
    return names


def names_in(head: Sequence[str], mapping: Mapping) -> list[str]:
    """Column names by the first lines of a file: those of the header line, or the places of its first row where it has none."""
    line = (mapping.header_line or mapping.first_line) - 1
    if line >= len(head) or not head[line].strip():
        return []
    names = split_header(head[line], mapping.delimiter)
    return names if mapping.header_line else [f"column {place + 1}" for place in range(len(names))]


def split_header(line: str, delimiter: str) -> list[str]:
    """Column names of a header line; one that occurs again gets a number (``W``, ``W.2``), one without a name its place."""
    seen: dict[str, int] = {}
    names: list[str] = []
    for cell in line.rstrip("\r\n").split(delimiter):
        name = cell.strip().strip('"').strip() or f"column {len(names) + 1}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return names


def _require(mapping: Mapping, names: list[str], path: Path) -> None:
    missing = [fault(sentence("the_column", name=name), "column_missing") for name in mapping.used if name not in names]
    if missing:
        there = ", ".join(names[:30])
        told = sentence("unfit_columns", file=path.name, mapping=mapping.name, columns=there)
        raise Invalid.that(told, faults=missing)


def _rows(text: TextLines, names: list[str], mapping: Mapping, doubts: Doubts) -> Iterator[Batch]:
    first = mapping.first_line
    skipped: list[int] = []

    def note(row: Any) -> str:
        # rows are counted by the reader from 1, header left out, blank lines included
        skipped.append(row.number)
        shape = f"{row.actual_columns} cells where the header has {row.expected_columns}"
        doubts.add_bad_row(first - 1 + row.number, row.text, shape)
        return "skip"

    try:
        reader = pa_csv.open_csv(
            text,
            read_options=pa_csv.ReadOptions(column_names=names, block_size=BATCH_BYTES, use_threads=False),
            parse_options=pa_csv.ParseOptions(delimiter=mapping.delimiter, invalid_row_handler=note, ignore_empty_lines=False),
            convert_options=pa_csv.ConvertOptions(
                include_columns=list(mapping.used),
                column_types=dict.fromkeys(mapping.used, pa.string()),
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as cause:
        if "Empty CSV" in str(cause):
            return
        raise Invalid.that(sentence("line_unread", file=text.path.name, line=first, reason=str(cause))) from cause
    done = 0
    try:
        for batch in reader:
            numbers = _line_numbers(done, batch.num_rows, skipped)
            done = int(numbers[-1]) if numbers.size else done
            yield Batch(columns={name: batch.column(name) for name in mapping.used}, line=numbers + first - 1)
    except pa.ArrowInvalid as cause:
        raise Invalid.that(sentence("after_line", file=text.path.name, line=first - 1 + done, reason=str(cause))) from cause


def _line_numbers(done: int, count: int, skipped: list[int]) -> npt.NDArray[np.int64]:
    """Numbers of the next ``count`` rows after row ``done``, leaving out those skipped."""
    gone = np.array([number for number in skipped if number > done], dtype=np.int64)
    candidates = np.arange(done + 1, done + 1 + count + gone.size, dtype=np.int64)
    return candidates[~np.isin(candidates, gone)][:count]
