"""Import one file: read, check, hand over to the log that live readings take too, and remember that it was done."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from metropool.capabilities.metering.imports.imported import ImportedFile
from metropool.capabilities.metering.imports.mapping.choose import choose_mapping
from metropool.capabilities.metering.imports.mapping.model import Mapping
from metropool.capabilities.metering.imports.ports import ChannelKeys, ImportRecord, ImportWork
from metropool.capabilities.metering.imports.reading_file import read_file
from metropool.capabilities.metering.imports.source import sha256_of
from metropool.capabilities.metering.imports.summary import check_file, summarise
from metropool.capabilities.metering.validation.rules import rules_on
from metropool.core.identifiers import derived_id
from metropool.core.texts import Language
from metropool.facts.readings.schemas import MEASURED

ROWS_PER_BATCH = 250_000


@dataclass(frozen=True)
class Imported:
    """What became of a file.

    Attributes:
        is_new: False when the same file was imported before by the same mapping: nothing was changed.
        summary: The report, as of the import.
    """

    is_new: bool
    key: str
    summary: dict[str, Any]


def import_file(*, work: ImportWork, path: Path, mapping: Mapping | None = None, language: Language = "en") -> Imported:
    """Import a file once.

    A crash before the record is kept repeats the hand-over under the same keys, which changes nothing.

    Args:
        path: CSV, gzipped CSV or Parquet.
        mapping: What its columns mean; chosen by its header when None.

    Raises:
        Invalid: The file cannot be read as a whole; nothing of it was handed over.
    """
    chosen = mapping or choose_mapping(path)
    key = import_key(file_sha256=sha256_of(path), mapping=chosen)
    known = work.imports.find(key)
    if known is not None:
        return Imported(is_new=False, key=key, summary=known.summary)
    file = read_file(path, chosen)
    report = check_file(file, rules=rules_on(work.now.date()), now=work.now)
    summary = summarise(report, language=language)
    keys = work.place_channels(file.channels)
    received_ms = int(work.now.timestamp() * 1000)
    for number, rows in enumerate(measured_batches(file, keys, received_ms=received_ms)):
        work.hand_over(rows=rows, key=f"{key}/{number}")
    work.imports.add(_record(key, file, work, summary))
    return Imported(is_new=True, key=key, summary=summary)


def import_key(*, file_sha256: str, mapping: Mapping) -> str:
    """Business key of an import: the bytes of the file and every field of the mapping."""
    return derived_id("import", file_sha256, hashlib.sha256(msgspec.json.encode(mapping)).hexdigest())


def measured_batches(file: ImportedFile, keys: ChannelKeys, *, received_ms: int) -> Iterator[pa.Table]:
    """The values of a file as ``MEASURED``, channel by channel in the order of the file; blank cells have no row."""
    rows = file.readings.filter(pc.is_valid(file.readings["value"]))
    channel = rows["channel"].to_numpy()
    table = pa.Table.from_arrays(
        [
            pa.array(keys.device[channel]),
            pa.array(keys.point[channel]),
            pa.array(keys.item[channel]),
            rows["at"],
            rows["value"],
            rows["quality"],
            rows["origin"],
            pa.array(np.full(channel.size, received_ms, dtype=np.int64)),
        ],
        schema=MEASURED,
    )
    ordered = table.take(pa.array(np.argsort(channel, kind="stable")))
    for start in range(0, ordered.num_rows, ROWS_PER_BATCH):
        yield ordered.slice(start, ROWS_PER_BATCH)


def _record(key: str, file: ImportedFile, work: ImportWork, summary: dict[str, Any]) -> ImportRecord:
    return ImportRecord(
        key=key,
        file_name=file.path.name,
        file_sha256=file.sha256,
        mapping=file.mapping.name,
        imported_at=work.now,
        readings=summary["readings"],
        summary=summary,
    )
