"""Compaction: many files of closed days become few, sorted by what they are asked for; what they say stays the same.

The files of a month are opened in the time of one. Rows are rewritten in pieces of bounded size, whatever the city.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from metropool.facts.readings.parquet import BLOCK_PARQUET, READING_PARQUET, packed, read_range
from metropool.facts.readings.schemas import READING
from metropool.storage.lake import Lake, LakeFile

BLOCK_ROWS = 25_000
"""Blocks in one file of a month: the footer of a small file is read quickly, and some 20 MB of amounts are rewritten at a time."""

READING_ROWS = 4_000_000
"""Readings in one file of a day: some 120 MB while they are rewritten."""

MONTH_PARQUET = {**BLOCK_PARQUET, "row_group_size": 1024}
"""A row group holds a month of few usage points, for one of them is asked for."""

MANY_FILES = 8
"""Files of one day worth rewriting; a month is worth it with half as many."""


@dataclass(frozen=True)
class Compacted:
    """Files written, not yet listed, that hold what old ones hold.

    Attributes:
        table: Lake table.
        part: The month (``2026-07``) or business day of the new files.
    """

    table: str
    part: str
    old: Sequence[LakeFile]
    new: Sequence[LakeFile]


def write_blocks_whole(lake: Lake, files: Sequence[LakeFile], *, part: str, name: str) -> list[LakeFile]:
    """Write the latest blocks of some files as the files of one part, each usage point in one of them."""
    paths = lake.paths(files)
    return [
        lake.write(
            table=files[0].table,
            part=part,
            name=f"{name}-{number:04d}",
            data=packed(read_range(paths, low=low, high=high)),
            key="usage_point",
            **MONTH_PARQUET,
        )
        for number, (low, high) in enumerate(_ranges(paths, files))
    ]


def write_readings_whole(lake: Lake, files: Sequence[LakeFile], *, part: str, name: str) -> list[LakeFile]:
    """Write all rows of a day's files, given in the order they came, as few files; of one instant the later still come last."""
    return [
        lake.write(
            table=files[0].table,
            part=part,
            name=f"{name}-{number:04d}",
            data=lake.read(group, columns=READING.names).cast(READING).sort_by([("channel", "ascending"), ("at", "ascending")]),
            key="channel",
            **READING_PARQUET,
        )
        for number, group in enumerate(_groups(files))
    ]


def is_scattered(files: Sequence[LakeFile]) -> bool:
    """Whether the readings of a day lie in many more files than they need."""
    return len(files) >= max(MANY_FILES, 2 * sum(1 for _ in _groups(files)))


def is_layered(files: Sequence[LakeFile]) -> bool:
    """Whether many files must be opened for one usage point."""
    return max(sum(one.low <= file.low <= one.high for one in files) for file in files) >= MANY_FILES


def _ranges(paths: Sequence[str], files: Sequence[LakeFile]) -> list[tuple[int, int]]:
    """Usage points from-to, both included, so that each range has about ``BLOCK_ROWS`` rows."""
    low = min(file.low for file in files)
    rows: npt.NDArray[np.int64] = np.zeros(max(file.high for file in files) - low + 1, dtype=np.int64)
    for path in paths:
        points = pq.read_table(path, columns=["usage_point"])["usage_point"].to_numpy()
        rows += np.bincount(points - low, minlength=rows.size)
    held = np.flatnonzero(rows)
    piece = (np.cumsum(rows[held]) - 1) // BLOCK_ROWS
    first = np.flatnonzero(np.diff(piece, prepend=-1))
    last = np.append(first[1:], held.size) - 1
    return [(int(held[a]) + low, int(held[b]) + low) for a, b in zip(first, last, strict=True)]


def _groups(files: Sequence[LakeFile]) -> Iterator[list[LakeFile]]:
    """Neighbouring files, so many that each group has at most ``READING_ROWS`` rows, or one file."""
    group: list[LakeFile] = []
    for file in files:
        if group and sum(one.rows for one in group) + file.rows > READING_ROWS:
            yield group
            group = []
        group.append(file)
    if group:
        yield group
