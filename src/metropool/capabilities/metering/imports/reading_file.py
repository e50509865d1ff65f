"""Reading a file by its mapping: batches of rows become readings, and what was wrong with single rows is told."""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from metropool.capabilities.metering.imports.cells import read_numbers
from metropool.capabilities.metering.imports.doubts import Doubts
from metropool.capabilities.metering.imports.faults import sentence
from metropool.capabilities.metering.imports.imported import IMPORTED, ImportedChannel, ImportedFile
from metropool.capabilities.metering.imports.mapping.choose import choose_mapping, columns_left_out
from metropool.capabilities.metering.imports.mapping.model import ChannelColumn, Mapping
from metropool.capabilities.metering.imports.mapping.units import factor_of
from metropool.capabilities.metering.imports.source import Batch, read_batches, sha256_of
from metropool.capabilities.metering.imports.times import Times, place_local, read_times, zone_of
from metropool.capabilities.metering.imports.unmeasured import UnmeasuredRows
from metropool.core.errors import Invalid
from metropool.facts.readings.schemas import Origin, Quality

Ints = npt.NDArray[np.int64]
MAX_VALUES = 60_000_000
_QUALITIES = {"measured": Quality.MEASURED, "estimated": Quality.ESTIMATED, "suspect": Quality.SUSPECT}


def read_file(path: Path, mapping: Mapping | None = None) -> ImportedFile:
    """Read a file of meter readings; row faults are collected, nothing is lost in silence.

    Args:
        path: CSV, gzipped CSV or Parquet.
        mapping: What its columns mean; chosen by the header when None.

    Raises:
        Invalid: No mapping or several fit, a column is missing, wrong encoding, the file breaks off or is empty.
    """
    chosen = mapping or choose_mapping(path)
    builder = _Builder(mapping=chosen)
    for batch in read_batches(path, chosen, builder.doubts):
        builder.add(batch)
    rows = builder.rows + builder.doubts.bad_rows
    if not rows:
        raise Invalid.that(sentence("no_rows", file=path.name))
    _refuse_unreadable(path, builder, rows=rows)
    placed = builder.finish()
    return ImportedFile(
        path=path,
        sha256=sha256_of(path),
        mapping=chosen,
        channels=builder.channels(),
        rows=rows,
        doubts=builder.doubts.all(),
        left_out=columns_left_out(path, chosen),
        rounded=builder.rounded,
        differences=builder.differences,
        **placed,
    )


def _refuse_unreadable(path: Path, builder: "_Builder", *, rows: int) -> None:
    """A file of which nothing at all can be read was described wrongly, and is not imported as if it were empty."""
    first = min(builder.doubts.listed, key=lambda doubt: doubt.line, default=None)
    if builder.has_value or first is None or builder.doubts.counts.get("bad_number", 0) < builder.values:
        return
    told = {"rows": rows, "file": path.name, "mapping": builder.mapping.name, "line": first.line, "reason": first.code}
    raise Invalid.that(sentence("none_read_text" if first.text else "none_read", **told, text=first.text))


@dataclass
class _Builder:
    """Collects batches as columns per channel of the mapping."""

    mapping: Mapping
    rows: int = 0
    values: int = 0
    doubts: Doubts = field(default_factory=Doubts)
    rounded: dict[int, int] = field(default_factory=dict)
    differences: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    _devices: dict[str, int] = field(default_factory=dict)
    _parts: list[pa.Table] = field(default_factory=list)
    _is_local: bool = False
    _unmeasured: UnmeasuredRows | None = None

    def __post_init__(self) -> None:
        if self.mapping.validity:
            self._unmeasured = UnmeasuredRows(self.mapping)

    def add(self, batch: Batch) -> None:
        """Take in one batch."""
        times = read_times(batch.columns[self.mapping.time.column], self.mapping.time)
        self._is_local = times.is_local
        self._doubt_times(batch, times)
        self.rows += batch.line.size
        device = self._device_of(batch, ~times.bad)
        good = ~times.bad & (device >= 0)
        base = self._quality_of(batch)
        if self.mapping.validity and self._unmeasured:
            marks = batch.columns[self.mapping.validity.column].cast(pa.string()).fill_null("").filter(pa.array(good))
            missing = base[good] == Quality.MISSING
            self._unmeasured.add(marks, missing=missing, device=device[good], seconds=times.seconds[good], line=batch.line[good])
        for index, column in enumerate(self.mapping.channels):
            self._add_column(batch, column, index=index, device=device, base=base, good=good, seconds=times.seconds)

    def _add_column(
        self,
        batch: Batch,
        column: ChannelColumn,
        *,
        index: int,
        device: Ints,
        base: npt.NDArray[np.uint8],
        good: npt.NDArray[np.bool_],
        seconds: Ints,
    ) -> None:
        cells = batch.columns[column.column]
        factor = factor_of(column.unit, column.kind)
        read = read_numbers(cells, self.mapping.numbers, factor)
        self._doubt_numbers(batch, column, cells, read.bad & good)
        number = device * len(self.mapping.channels) + index
        for channel, count in zip(*np.unique(number[read.rounded & good], return_counts=True), strict=True):
            self.rounded[int(channel)] = self.rounded.get(int(channel), 0) + int(count)
        if column.difference:
            self._note_differences(batch, column, number=number, good=good, seconds=seconds, factor=factor)
        empty = read.blank | read.bad
        quality = np.where(empty, np.uint8(Quality.MISSING), base).astype(np.uint8)
        at = seconds + column.interval_s if self._stamps_start(column) else seconds
        origin = np.full(quality.size, Origin.IMPORT, dtype=np.uint8)
        value = pa.array(read.value, mask=empty)
        columns = [number.astype(np.int32), at, value, quality, origin, batch.line]
        part = pa.Table.from_arrays([pa.array(column) for column in columns], schema=IMPORTED)
        self._keep(part if good.all() else part.filter(pa.array(good)))

    def _stamps_start(self, column: ChannelColumn) -> bool:
        return self.mapping.time.stamp == "start" and column.kind.kind in ("interval", "mean_power")

    def _keep(self, part: pa.Table) -> None:
        self.values += part.num_rows
        if self.values > MAX_VALUES:
            raise Invalid.that(sentence("too_many", most=MAX_VALUES))
        self._parts.append(part)

    def _device_of(self, batch: Batch, good: npt.NDArray[np.bool_]) -> Ints:
        """Number of each row's meter; -1, and told, where a row with a time names none."""
        name = self.mapping.device.column
        if not name:
            self._devices.setdefault(self.mapping.device.name, 0)
            return np.zeros(batch.line.size, dtype=np.int64)
        encoded = batch.columns[name].cast(pa.string()).fill_null("").dictionary_encode()
        names, place = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
        numbers = np.full(len(names), -1, dtype=np.int64)
        for index in np.unique(place[good]):
            device = names[index]
            if device.strip() and device.isprintable():
                numbers[index] = self._devices.setdefault(device, len(self._devices))
        if names:
            rows = np.flatnonzero(good & (numbers[place] < 0))
            text = [repr(name)[1:-1] for name in names]
            self.doubts.add(batch.line[rows], "bad_device", column=name, done="row left out", text=lambda i: text[place[rows[i]]])
        return np.asarray(numbers[place]) if names else np.zeros(0, dtype=np.int64)

    def _quality_of(self, batch: Batch) -> npt.NDArray[np.uint8]:
        validity = self.mapping.validity
        if validity is None:
            return np.zeros(batch.line.size, dtype=np.uint8)
        marks = batch.columns[validity.column].cast(pa.string()).fill_null("")
        quality = np.full(batch.line.size, _QUALITIES[validity.otherwise], dtype=np.uint8)
        for texts, meaning in ((validity.measured, Quality.MEASURED), (validity.missing, Quality.MISSING)):
            quality[np.asarray(pc.is_in(marks, pa.array(texts, pa.string())))] = meaning
        return quality

    def _doubt_times(self, batch: Batch, times: Times) -> None:
        cells = batch.columns[self.mapping.time.column]
        blank = times.bad.copy()
        for name in self.mapping.used:
            blank &= np.asarray(pc.equal(pc.fill_null(batch.columns[name].cast(pa.string()), ""), ""))
        told = blank & ~np.isin(batch.line, list(self.doubts.emptied)) if blank.any() else blank
        for rows, code in ((np.flatnonzero(told), "blank_row"), (np.flatnonzero(times.bad & ~blank), "bad_time")):
            self._doubt(batch, cells, rows, code, column=self.mapping.time.column, done="row left out")

    def _doubt_numbers(self, batch: Batch, column: ChannelColumn, cells: pa.Array, bad: npt.NDArray[np.bool_]) -> None:
        self._doubt(batch, cells, np.flatnonzero(bad), "bad_number", column=column.column, done="treated as missing")

    def _doubt(self, batch: Batch, cells: pa.Array, rows: Ints, code: str, *, column: str, done: str) -> None:
        self.doubts.add(batch.line[rows], code, column=column, done=done, text=lambda i: str(cells[int(rows[i])].as_py()))

    def _note_differences(
        self, batch: Batch, column: ChannelColumn, *, number: Ints, good: npt.NDArray[np.bool_], seconds: Ints, factor: Fraction
    ) -> None:
        """Remember the difference that a channel's first row states: of a reading before the file."""
        stated = read_numbers(batch.columns[column.difference], self.mapping.numbers, factor)
        rows = np.flatnonzero(good)
        channels, first = np.unique(number[rows], return_index=True)
        for channel, i in zip(channels, rows[first], strict=True):
            self.differences.setdefault(int(channel), (int(stated.value[i]), int(seconds[i]), int(batch.line[i])))

    def channels(self) -> list[ImportedChannel]:
        """Channels in the order of their numbers."""
        return [
            ImportedChannel(number=number * len(self.mapping.channels) + index, device=device, column=column)
            for device, number in self._devices.items()
            for index, column in enumerate(self.mapping.channels)
        ]

    @property
    def has_value(self) -> bool:
        """Whether any value could be read."""
        return any(part["value"].null_count < part.num_rows for part in self._parts)

    def finish(self) -> dict[str, Any]:
        """All readings in Unix seconds, those in a repeated or skipped hour, and what was not measured."""
        table = pa.concat_tables([IMPORTED.empty_table(), *self._parts]).combine_chunks()
        self._parts.clear()
        found: dict[str, Any] = {"readings": table}
        if self._unmeasured:
            found["unmeasured"] = self._unmeasured.told(is_local=self._is_local)
        if not self._is_local or not table.num_rows:
            return found
        time, channel = self.mapping.time, table["channel"].to_numpy()
        placed = place_local(table["at"].to_numpy(), zone=zone_of(time.zone), channel=channel, repeated=time.repeated)
        table = table.set_column(1, IMPORTED.field("at"), pa.array(placed.at))
        marked = {name: table.filter(pa.array(getattr(placed, name))) for name in ("repeated", "second_pass", "skipped")}
        return found | {"readings": table} | marked
