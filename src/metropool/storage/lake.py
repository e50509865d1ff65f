"""Readings, kept: Parquet files, and their list in table ``lake_file`` of the same database as everything else.

A file is in the lake when its row is: write, fsync, rename, fsync the folder, then the unit that adds it. So one commit holds
files, state and messages, and a crash leaves at most files nobody lists, which ``sweep`` removes. A file that others replaced stays
where it is until ``drop_replaced``, for whoever is still reading it.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)

from metropool.core.errors import Conflict
from metropool.storage.disk import Disk, RealDisk

metadata = MetaData()
lake_file = Table(
    "lake_file",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("table_name", String, nullable=False),
    Column("part", String, nullable=False),
    Column("path", String, nullable=False, unique=True),
    Column("rows", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("low", BigInteger, nullable=False),
    Column("high", BigInteger, nullable=False),
    Column("sha256", String, nullable=False),
    Column("added_in", BigInteger, nullable=False),
    Column("removed_in", BigInteger),
    Index("lake_file_by_part", "table_name", "part", "removed_in"),
)
lake_replaced = Table(
    "lake_replaced",
    metadata,
    Column("path", String, primary_key=True),
    Column("replaced_at", BigInteger, nullable=False),
)


@dataclass(frozen=True)
class LakeFile:
    """One file that lies in the lake's folder, listed or about to be.

    Attributes:
        table: ``readings`` or ``blocks``.
        part: What it is cut by, such as a business day.
        low, high: Smallest and largest value of its sort key (a channel or usage point), for pruning.
    """

    table: str
    part: str
    path: str
    rows: int
    bytes: int
    low: int
    high: int
    sha256: str


@dataclass(frozen=True)
class Lake:
    """The files of one system under one folder.

    Args:
        root: The folder.
        disk: Where bytes go.
    """

    root: Path
    disk: Disk = field(default_factory=RealDisk)

    def write(self, *, table: str, part: str, name: str, data: pa.Table, key: str, **parquet: Any) -> LakeFile:
        """Write rows to a file that survives power loss; list it with ``add`` in a unit.

        Args:
            table: Lake table.
            part: What the file is cut by.
            name: File name, unique in its part; the same name and rows again give the same file.
            data: The rows, sorted by ``key``.
            key: Column whose smallest and largest value prune reads.
            parquet: Options of the Parquet writer.
        """
        sink = pa.BufferOutputStream()
        pq.write_table(data, sink, **{"compression": "zstd", **parquet})
        body = sink.getvalue()
        path = f"{table}/{part}/{name}.parquet"
        self.disk.write_synced(self.root / path, memoryview(body))
        bounds = pa.compute.min_max(data[key]).as_py() if data.num_rows else {"min": 0, "max": -1}
        return LakeFile(
            table=table,
            part=part,
            path=path,
            rows=data.num_rows,
            bytes=body.size,
            low=int(bounds["min"]),
            high=int(bounds["max"]),
            sha256=hashlib.sha256(memoryview(body)).hexdigest(),
        )

    def add(self, connection: Connection, files: Iterable[LakeFile]) -> int:
        """List files in this unit.

        Returns:
            The number of the snapshot that shows them.
        """
        snapshot = latest_snapshot(connection) + 1
        rows = [{**file_row(file), "added_in": snapshot} for file in files]
        if rows:
            connection.execute(insert(lake_file), rows)
        return snapshot

    def replace(self, connection: Connection, *, old: Sequence[LakeFile], new: Sequence[LakeFile], now: datetime) -> int:
        """List new files that hold what old ones held, and take the old ones off the list, in this unit.

        Returns:
            The number of the snapshot that shows the change.

        Raises:
            Conflict: An old file is no longer on the list: somebody else changed the same part.
        """
        snapshot = self.add(connection, new)
        for file in old:
            gone = connection.execute(
                update(lake_file)
                .where(lake_file.c.path == file.path, lake_file.c.removed_in.is_(None))
                .values(removed_in=snapshot)
            )
            if gone.rowcount != 1:
                raise Conflict(f"lake file {file.path} is no longer on the list")
        noted = [{"path": file.path, "replaced_at": int(now.timestamp())} for file in old]
        if noted:
            connection.execute(insert(lake_replaced), noted)
        return snapshot

    def drop_replaced(self, connection: Connection, *, before: datetime) -> list[str]:
        """Remove files that were replaced before an instant, and return their paths; no query may last that long.

        When the unit fails afterwards they are still noted as replaced, and dropped by the next.
        """
        query = select(lake_replaced.c.path).where(lake_replaced.c.replaced_at < int(before.timestamp()))
        paths = list(connection.execute(query).scalars())
        for path in paths:
            self.disk.remove(self.root / path)
            connection.execute(delete(lake_replaced).where(lake_replaced.c.path == path))
            connection.execute(delete(lake_file).where(lake_file.c.path == path, lake_file.c.removed_in.is_not(None)))
        return paths

    def parts(self, connection: Connection, *, table: str) -> dict[str, int]:
        """Parts of a table that have files, ascending, and how many."""
        c = lake_file.c
        query = select(c.part, func.count()).where(c.table_name == table, c.removed_in.is_(None))
        return {part: int(count) for part, count in connection.execute(query.group_by(c.part).order_by(c.part))}

    def newest(self, connection: Connection, *, table: str, parts: Sequence[str]) -> dict[str, int]:
        """Number of the newest file of each of some parts that have one: as long as it is the same, so is what they hold."""
        c = lake_file.c
        query = select(c.part, func.max(c.id)).where(c.table_name == table, c.part.in_(parts), c.removed_in.is_(None))
        return {part: int(number) for part, number in connection.execute(query.group_by(c.part))}

    def files(
        self,
        connection: Connection,
        *,
        table: str,
        parts: Sequence[str] | None = None,
        key: int | None = None,
        snapshot: int | None = None,
    ) -> list[LakeFile]:
        """The files of a table as of a snapshot (the latest when None), oldest first.

        Args:
            connection: A unit or a snapshot of the database.
            table: Lake table.
            parts: Only these parts.
            key: Only files whose key range holds this value.
            snapshot: A number that ``add`` returned.
        """
        c = lake_file.c
        query = select(c.table_name, c.part, c.path, c.rows, c.bytes, c.low, c.high, c.sha256).where(c.table_name == table)
        if snapshot is None:
            query = query.where(c.removed_in.is_(None))
        else:
            query = query.where(c.added_in <= snapshot, (c.removed_in.is_(None)) | (c.removed_in > snapshot))
        if parts is not None:
            query = query.where(c.part.in_(parts))
        if key is not None:
            query = query.where(c.low <= key, c.high >= key)
        return [LakeFile(*row) for row in connection.execute(query.order_by(c.id))]

    def paths(self, files: Iterable[LakeFile]) -> list[str]:
        """Full paths of files, for DuckDB, Polars and pyarrow."""
        return [str(self.root / file.path) for file in files]

    def read(self, files: Sequence[LakeFile], *, columns: Sequence[str] | None = None) -> pa.Table:
        """All rows of some files, in file order."""
        tables = [pq.read_table(path, columns=columns, memory_map=True) for path in self.paths(files)]
        return pa.concat_tables(tables) if tables else pa.table({})

    def sweep(self, connection: Connection) -> list[str]:
        """Remove files that no row lists (left by a crash between file and commit) and return their paths.

        Only safe on the node's writer thread, between units.
        """
        listed = set(connection.execute(select(lake_file.c.path)).scalars())
        on_disk = [path for pattern in ("*.parquet", "*.part") for path in self.root.rglob(pattern)]
        orphans = [path for path in on_disk if str(path.relative_to(self.root)) not in listed]
        for orphan in orphans:
            self.disk.remove(orphan)
        return [str(path.relative_to(self.root)) for path in orphans]


def latest_snapshot(connection: Connection) -> int:
    """Number of the newest snapshot; 0 for an empty lake."""
    newest = connection.execute(select(func.max(lake_file.c.added_in), func.max(lake_file.c.removed_in))).one()
    return max(newest[0] or 0, newest[1] or 0)


def file_row(file: LakeFile) -> dict[str, object]:
    """The columns of ``lake_file`` that describe a file."""
    return {
        "table_name": file.table,
        "part": file.part,
        "path": file.path,
        "rows": file.rows,
        "bytes": file.bytes,
        "low": file.low,
        "high": file.high,
        "sha256": file.sha256,
    }
