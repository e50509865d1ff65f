"""The readings book: raw readings and interval blocks of one system, in the lake, as one unit of work or snapshot sees them."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq

from metropool.core.errors import Conflict
from metropool.facts.readings.compaction import (
    MANY_FILES,
    Compacted,
    is_layered,
    is_scattered,
    write_blocks_whole,
    write_readings_whole,
)
from metropool.facts.readings.parquet import BLOCK_PARQUET, packed, read_blocks, unpacked
from metropool.facts.readings.schemas import BLOCK, READING
from metropool.facts.readings.versions import latest_blocks
from metropool.storage.lake import LakeFile, latest_snapshot
from metropool.storage.units import UnitContext

READINGS, BLOCKS = "readings", "blocks"


class Readings:
    """What was measured (读数), never overwritten: later files win over earlier ones when they are read."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection
        self._lake = context.lake

    @property
    def snapshot(self) -> int:
        """Number of the snapshot this unit sees."""
        return latest_snapshot(self._connection)

    def files(self, table: str, *, first: date, last: date) -> list[LakeFile]:
        """Files that hold business days ``first`` to ``last``, both included, oldest first; a month's file holds others too."""
        return self._lake.files(self._connection, table=table, parts=_parts(first, last))

    def newest(self, table: str, *, first: date, last: date) -> dict[date, int]:
        """Of business days ``first`` to ``last`` that have files, the number of the newest: it grows when something is told of the day."""
        found = self._lake.newest(self._connection, table=table, parts=_parts(first, last))
        days = (first + timedelta(days=i) for i in range((last - first).days + 1))
        numbers = {day: max(found.get(part, 0) for part in _parts(day, day)) for day in days}
        return {day: number for day, number in numbers.items() if number}

    def readings(self, *, first: date, last: date) -> pa.Table:
        """All readings of some business days, file after file: ``READING``, later arrivals last."""
        found = self._lake.read(self.files(READINGS, first=first, last=last), columns=READING.names)
        return found.cast(READING) if found.num_columns else READING.empty_table()

    def blocks(
        self, *, usage_points: Sequence[int], first: date, last: date, reading_types: Sequence[int] | None = None
    ) -> pa.Table:
        """The latest blocks of some usage points from ``first`` to ``last``, both included: ``BLOCK``, sorted."""
        if not usage_points:
            return BLOCK.empty_table()
        low, high = min(usage_points), max(usage_points)
        files = [file for file in self.files(BLOCKS, first=first, last=last) if file.low <= high and file.high >= low]
        types = None if reading_types is None else list(reading_types)
        return read_blocks(self._lake.paths(files), usage_points=list(usage_points), first=first, last=last, reading_types=types)

    def blocks_of_day(self, day: date, *, reading_types: Sequence[int] | None = None) -> pa.Table:
        """The latest blocks of all usage points of a business day, of all reading types or of some: ``BLOCK``, sorted."""
        paths = self._lake.paths(self.files(BLOCKS, first=day, last=day))
        wanted: list[tuple[str, str, object]] = [("business_date", "=", day)]
        if reading_types is not None:
            wanted.append(("reading_type", "in", list(reading_types)))
        tables = [unpacked(pq.read_table(path, filters=wanted)) for path in paths]
        return latest_blocks(pa.concat_tables([BLOCK.empty_table(), *tables]))

    def write_blocks(self, blocks: pa.Table, *, name: str) -> list[LakeFile]:
        """Write blocks of any number of days to files that survive power loss; ``add`` lists them.

        Args:
            blocks: ``BLOCK``, sorted by (usage_point, reading_type, business_date).
            name: Unique for this writing; the same name and blocks give the same files.
        """
        days = blocks["business_date"]
        return [
            self._lake.write(
                table=BLOCKS,
                part=day.isoformat(),
                name=name,
                data=packed(blocks.filter(pa.compute.equal(days, day))),
                key="usage_point",
                **BLOCK_PARQUET,
            )
            for day in days.unique().to_pylist()
        ]

    def add(self, files: Sequence[LakeFile]) -> int:
        """List files in this unit; returns the snapshot that shows them."""
        return self._lake.add(self._connection, files)

    def months_in_days(self, *, before: date) -> list[str]:
        """Months (``2026-07``) that ended before a day and whose blocks lie in files of days, oldest first."""
        counts: dict[str, int] = {}
        for part, count in self._lake.parts(self._connection, table=BLOCKS).items():
            if len(part) == len("2026-07-01") and part[:7] < before.isoformat()[:7]:
                counts[part[:7]] = counts.get(part[:7], 0) + count
        return [month for month, count in counts.items() if count >= MANY_FILES // 2]

    def scattered_days(self, table: str) -> list[date]:
        """Business days that lie in many more files than they need, oldest first."""
        parts = self._lake.parts(self._connection, table=table)
        days = [date.fromisoformat(part) for part, count in parts.items() if count >= MANY_FILES and len(part) > len("2026-07")]
        is_worth_it = is_layered if table == BLOCKS else is_scattered
        return [day for day in days if is_worth_it(self._of_part(table, day.isoformat()))]

    def compact(self, table: str, part: str) -> Compacted:
        """Write the files of a business day or month as few; ``replace`` lists them instead.

        Args:
            part: ``2026-07-01``, or for blocks ``2026-07``.
        """
        old, name = self._of_part(table, part), f"whole-{self.snapshot:012d}"
        write = write_blocks_whole if table == BLOCKS else write_readings_whole
        return Compacted(table=table, part=part, old=old, new=write(self._lake, old, part=part, name=name))

    def replace(self, done: Compacted, *, now: datetime) -> int:
        """List compacted files instead of those they were made from, in this unit; returns the snapshot that shows them.

        Raises:
            Conflict: Others came meanwhile; nothing was changed.
        """
        if self._of_part(done.table, done.part) != list(done.old):
            raise Conflict(f"{done.table} of {done.part} changed while they were compacted")
        return self._lake.replace(self._connection, old=done.old, new=done.new, now=now)

    def drop_replaced(self, *, before: datetime) -> list[str]:
        """Remove files that were replaced before an instant."""
        return self._lake.drop_replaced(self._connection, before=before)

    def _of_part(self, table: str, part: str) -> list[LakeFile]:
        """Files of a day, or of a month and all its days, oldest first."""
        parts = [one for one in self._lake.parts(self._connection, table=table) if one.startswith(part)]
        return self._lake.files(self._connection, table=table, parts=parts)


def _parts(first: date, last: date) -> list[str]:
    days = [(first + timedelta(days=i)).isoformat() for i in range((last - first).days + 1)]
    return [*days, *sorted({day[:7] for day in days})]
