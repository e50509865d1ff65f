"""A file read: its channels, its readings in one table, and what was wrong with single rows."""

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from metropool.capabilities.metering.imports.cells import read_numbers
from metropool.capabilities.metering.imports.choose import choose_mapping, columns_left_out
from metropool.capabilities.metering.imports.mapping import ChannelColumn, Mapping
from metropool.capabilities.metering.imports.source import BadRow, Batch, read_batches, sha256_of
from metropool.capabilities.metering.imports.times import Times, place_local, read_times, zone_of
from metropool.capabilities.metering.imports.units import factor_of
from metropool.capabilities.metering.validation.rules import ChannelFact
from metropool.core.errors import Invalid
from metropool.facts.readings.schemas import Origin, Quality

Ints = npt.NDArray[np.int64]
MAX_VALUES = 60_000_000

IMPORTED = pa.schema(
    [
        pa.field("channel", pa.int32(), nullable=False),
        pa.field("at", pa.int64(), nullable=False),
        pa.field("value", pa.int64()),
        pa.field("quality", pa.uint8(), nullable=False),
        pa.field("origin", pa.uint8(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
    ]
)
"""``channel`` is the place in ``ImportedFile.channels``; ``row`` the line of the file; ``value`` null for a blank cell."""

_QUALITIES = {"measured": Quality.MEASURED, "estimated": Quality.ESTIMATED, "suspect": Quality.SUSPECT}


@dataclass(frozen=True)
class ImportedChannel:
    """A channel to be found or made in the registry."""

    number: int
    device: str
    column: ChannelColumn

    @property
    def name(self) -> str:
        """Name in reports: device and channel."""
        return f"{self.device}/{self.column.local_name}" if self.device else self.column.local_name

    def fact(self, device: int) -> ChannelFact:
        """What the rules need to know of it."""
        kind, column = self.column.kind, self.column
        return ChannelFact(
            channel=self.number,
            reading_type=kind,
            device=device,
            interval_s=column.interval_s,
            modulus=10 ** (column.digits - kind.scale) if column.digits else 0,
            capacity=kind.stored(Decimal(column.capacity)) if column.capacity else 0,
            large_step=kind.stored(Decimal(column.large_step)) if column.large_step else 0,
        )


@dataclass(frozen=True)
class Doubt:
    """Something about one row that is no finding about a reading: the row, or a cell of it, could not be used as it stood."""

    line: int
    code: str
    column: str
    text: str
    done: str


@dataclass
class ImportedFile:
    """What a file holds.

    Attributes:
        readings: ``IMPORTED``, in the order of the file within each channel.
        rows: Rows of data in the file, bad ones included.
        doubts: Rows and cells refused or taken otherwise than written.
        rounded: Numbers finer than their reading type, per channel number.
        repeated, skipped: Rows (line numbers, channel) in an hour that a clock change repeated or skipped.
    """

    path: Path
    sha256: str
    mapping: Mapping
    channels: list[ImportedChannel]
    readings: pa.Table
    rows: int
    doubts: list[Doubt]
    left_out: list[str]
    rounded: dict[int, int] = field(default_factory=dict)
    repeated: pa.Table = field(default_factory=IMPORTED.empty_table)
    skipped: pa.Table = field(default_factory=IMPORTED.empty_table)
    differences: dict[int, tuple[int, int, int]] = field(default_factory=dict)


def read_file(path: Path, mapping: Mapping | None = None) -> ImportedFile:
    """Read a file of meter readings; row faults are collected, nothing is lost in silence.

    Args:
        path: CSV, gzipped CSV or Parquet.
        mapping: What its columns mean; chosen by the header when None.

    Raises:
        Invalid: No mapping or several fit, a column is missing, wrong encoding, the file breaks off or is empty.
    """
    chosen = mapping or choose_mapping(path)
    bad_rows: list[BadRow] = []
    builder = _Builder(mapping=chosen)
    for batch in read_batches(path, chosen, bad_rows):
        builder.add(batch)
    doubts = [Doubt(bad.line, "bad_row", "", bad.text, f"row left out: {bad.what}") for bad in bad_rows] + builder.doubts
    rows = builder.rows + len(bad_rows)
    if not rows:
        raise Invalid(f"{path.name} has a header but no rows")
    readings, repeated, skipped = builder.finish()
    return ImportedFile(
        path=path,
        sha256=sha256_of(path),
        mapping=chosen,
        channels=builder.channels(),
        readings=readings,
        rows=rows,
        doubts=sorted(doubts, key=lambda doubt: (doubt.line, doubt.column)),
        left_out=columns_left_out(path, chosen),
        rounded=builder.rounded,
        repeated=repeated,
        skipped=skipped,
        differences=builder.differences,
    )


@dataclass
class _Builder:
    """Collects batches as columns per channel of the mapping."""

    mapping: Mapping
    rows: int = 0
    values: int = 0
    doubts: list[Doubt] = field(default_factory=list)
    rounded: dict[int, int] = field(default_factory=dict)
    differences: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    _devices: dict[str, int] = field(default_factory=dict)
    _parts: list[pa.Table] = field(default_factory=list)
    _is_local: bool = False

    def add(self, batch: Batch) -> None:
        """Take in one batch."""
        times = read_times(batch.columns[self.mapping.time.column], self.mapping.time)
        self._is_local = times.is_local
        self._doubt_times(batch, times)
        self.rows += batch.line.size
        device = self._device_of(batch)
        base = self._quality_of(batch)
        good = ~times.bad
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
            self._note_differences(batch, column, number=number, seconds=seconds, factor=factor)
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
            raise Invalid(f"the file has more than {MAX_VALUES:,} values: split it, for instance by month")
        self._parts.append(part)

    def _device_of(self, batch: Batch) -> Ints:
        name = self.mapping.device.column
        if not name:
            self._devices.setdefault(self.mapping.device.name, 0)
            return np.zeros(batch.line.size, dtype=np.int64)
        encoded = batch.columns[name].cast(pa.string()).fill_null("").dictionary_encode()
        numbers = [self._devices.setdefault(device, len(self._devices)) for device in encoded.dictionary.to_pylist()]
        return np.asarray(np.array(numbers, dtype=np.int64)[encoded.indices.to_numpy()])

    def _quality_of(self, batch: Batch) -> npt.NDArray[np.uint8]:
        validity = self.mapping.validity
        if validity is None:
            return np.zeros(batch.line.size, dtype=np.uint8)
        marks = batch.columns[validity.column].cast(pa.string()).fill_null("")
        quality = np.full(batch.line.size, _QUALITIES[validity.otherwise], dtype=np.uint8)
        for texts, meaning in ((validity.measured, Quality.MEASURED), (validity.missing, Quality.MISSING)):
            quality[np.asarray(pa.compute.is_in(marks, pa.array(texts, pa.string())))] = meaning
        return quality

    def _doubt_times(self, batch: Batch, times: Times) -> None:
        column = self.mapping.time.column
        for i in np.flatnonzero(times.bad):
            text = str(batch.columns[column][int(i)].as_py())
            self.doubts.append(Doubt(int(batch.line[i]), "bad_time", column, text[:200], "row left out"))

    def _doubt_numbers(self, batch: Batch, column: ChannelColumn, cells: pa.Array, bad: npt.NDArray[np.bool_]) -> None:
        for i in np.flatnonzero(bad):
            text = str(cells[int(i)].as_py())
            self.doubts.append(Doubt(int(batch.line[i]), "bad_number", column.column, text[:200], "treated as missing"))

    def _note_differences(self, batch: Batch, column: ChannelColumn, *, number: Ints, seconds: Ints, factor: Fraction) -> None:
        """Remember the difference that a channel's first row states: of a reading before the file."""
        stated = read_numbers(batch.columns[column.difference], self.mapping.numbers, factor)
        channels, first = np.unique(number, return_index=True)
        for channel, i in zip(channels, first, strict=True):
            self.differences.setdefault(int(channel), (int(stated.value[i]), int(seconds[i]), int(batch.line[i])))

    def channels(self) -> list[ImportedChannel]:
        """Channels in the order of their numbers."""
        return [
            ImportedChannel(number=number * len(self.mapping.channels) + index, device=device, column=column)
            for device, number in self._devices.items()
            for index, column in enumerate(self.mapping.channels)
        ]

    def finish(self) -> tuple[pa.Table, pa.Table, pa.Table]:
        """All readings in Unix seconds, and those in a repeated or skipped hour."""
        table = pa.concat_tables([IMPORTED.empty_table(), *self._parts]).combine_chunks()
        self._parts.clear()
        if not self._is_local or not table.num_rows:
            return table, table.slice(0, 0), table.slice(0, 0)
        time = self.mapping.time
        placed = place_local(
            table["at"].to_numpy(), zone=zone_of(time.zone), channel=table["channel"].to_numpy(), repeated=time.repeated
        )
        table = table.set_column(1, IMPORTED.field("at"), pa.array(placed.at))
        return table, table.filter(pa.array(placed.repeated)), table.filter(pa.array(placed.skipped))
