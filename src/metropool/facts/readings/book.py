"""The readings book: raw readings and interval blocks of one system, in the lake, as one unit of work or snapshot sees them."""

from collections.abc import Sequence
from datetime import date, timedelta

import pyarrow as pa

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
        """Files of business days ``first`` to ``last``, both included, oldest first."""
        return self._lake.files(self._connection, table=table, parts=_parts(first, last))

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

    def blocks_of_day(self, day: date) -> pa.Table:
        """The latest blocks of all usage points of a business day: ``BLOCK``, sorted."""
        tables = [unpacked(self._lake.read([file])) for file in self.files(BLOCKS, first=day, last=day)]
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


def _parts(first: date, last: date) -> list[str]:
    return [(first + timedelta(days=i)).isoformat() for i in range((last - first).days + 1)]
