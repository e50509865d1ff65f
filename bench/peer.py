"""The other side of each ratio: set-based SQL, on a PostgreSQL of our own, or on SQLite where there is none.

The cluster lives in a temporary folder, listens on a Unix socket only, runs as ``postgres`` when we are root, and is durable
(fsync and synchronous_commit on). It gets more memory and fewer checkpoints than the defaults, so that it is not held back.
"""

import os
import pwd
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[Any]]
_SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "512MB",
    "maintenance_work_mem": "512MB",
    "work_mem": "128MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "listen_addresses": "''",
    "unix_socket_directories": "'{folder}'",
}
_TYPES = {np.dtype(np.int16): "smallint", np.dtype(np.int32): "integer", np.dtype(np.int64): "bigint"}


class Peer(Protocol):
    """A database that is asked in SQL."""

    name: str

    def create(self, table: str, columns: Columns) -> None:
        """An empty table for columns of integers, in place of one of that name."""
        ...

    def encode(self, columns: Columns) -> Any:
        """Rows as ``load`` wants them; not part of what is timed."""
        ...

    def load(self, table: str, rows: Any) -> None:
        """Bring rows in by the fastest way there is, and commit."""
        ...

    def run(self, statement: str) -> None:
        """One statement, committed."""
        ...

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        ...

    def bytes_of(self, table: str) -> int:
        """Size of a table with its indexes, tidied up."""
        ...


class PostgresPeer:
    """PostgreSQL through psycopg, loaded by binary COPY."""

    def __init__(self, folder: Path, version: str) -> None:
        import psycopg

        self.name, self.folder = f"PostgreSQL {version}", folder
        self._connection = psycopg.connect(host=str(folder), user="postgres", dbname="postgres", autocommit=True)

    def create(self, table: str, columns: Columns) -> None:
        self.run(f"DROP TABLE IF EXISTS {table}")
        self.run(f"CREATE TABLE {table} ({', '.join(f'{name} {_TYPES[column.dtype]}' for name, column in columns.items())})")

    def encode(self, columns: Columns) -> bytes:
        names = list(columns)
        fields: list[tuple[str, str]] = [("fields", ">i2")]
        for name in names:
            fields += [(f"{name}_size", ">i4"), (name, columns[name].dtype.newbyteorder(">").str)]
        made = np.zeros(len(columns[names[0]]), np.dtype(fields))
        made["fields"] = len(names)
        for name in names:
            made[f"{name}_size"], made[name] = columns[name].dtype.itemsize, columns[name]
        return b"PGCOPY\n\xff\r\n\0" + bytes(8) + made.tobytes() + b"\xff\xff"

    def load(self, table: str, rows: bytes) -> None:
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as copy:
            for start in range(0, len(rows), 1 << 20):
                copy.write(rows[start : start + (1 << 20)])

    def run(self, statement: str) -> None:
        self._connection.execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(query).fetchall()

    def bytes_of(self, table: str) -> int:
        self.run(f"VACUUM ANALYZE {table}")
        return int(self.rows(f"SELECT pg_total_relation_size('{table}')")[0][0])

    def close(self) -> None:
        self._connection.close()


class SqlitePeer:
    """SQLite (WAL, synchronous FULL), loaded by ``executemany`` in one transaction."""

    def __init__(self, folder: Path) -> None:
        self.name = f"SQLite {sqlite3.sqlite_version}"
        self._connection = sqlite3.connect(folder / "peer.sqlite", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.create_function("least", -1, min, deterministic=True)
        self._connection.create_function("greatest", -1, max, deterministic=True)

    def create(self, table: str, columns: Columns) -> None:
        self.run(f"DROP TABLE IF EXISTS {table}")
        self.run(f"CREATE TABLE {table} ({', '.join(f'{name} integer' for name in columns)})")

    def encode(self, columns: Columns) -> list[Sequence[int]]:
        return list(zip(*(column.tolist() for column in columns.values()), strict=True))

    def load(self, table: str, rows: list[Sequence[int]]) -> None:
        self.run("BEGIN IMMEDIATE")
        self._connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
        self.run("COMMIT")

    def run(self, statement: str) -> None:
        self._connection.execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(query).fetchall()

    def bytes_of(self, table: str) -> int:
        query = f"SELECT sum(pgsize) FROM dbstat WHERE name IN (SELECT name FROM sqlite_master WHERE tbl_name = '{table}')"
        return int(self.rows(query)[0][0])

    def close(self) -> None:
        self._connection.close()


@contextmanager
def open_peer() -> Iterator[Peer]:
    """A fresh database for the length of the bench."""
    with tempfile.TemporaryDirectory(prefix="bench-peer-") as name:
        folder, binaries = Path(name), find_postgresql()
        if binaries is None:
            sqlite = SqlitePeer(folder)
            try:
                yield sqlite
            finally:
                sqlite.close()
            return
        with _cluster(folder, binaries) as version:
            peer = PostgresPeer(folder, version)
            try:
                yield peer
            finally:
                peer.close()


def find_postgresql() -> Path | None:
    """Folder of ``initdb`` and ``pg_ctl``: the newest of Debian's, else beside the one on the PATH; None when there is none."""
    if os.geteuid() == 0 and not _has_postgres_user():
        return None
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if debian:
        return debian[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@contextmanager
def _cluster(folder: Path, binaries: Path) -> Iterator[str]:
    data = folder / "data"
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    _as_server([binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"])
    lines = [f"{name} = {value.format(folder=folder)}" for name, value in _SETTINGS.items()]
    with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("\n" + "\n".join(lines) + "\n")
    _as_server([binaries / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "start"])
    try:
        yield _as_server([binaries / "postgres", "--version"]).split()[2]
    finally:
        _as_server([binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"])


def _as_server(command: Sequence[str | Path]) -> str:
    """Run as the user the server runs as: ``postgres`` when we are root, since PostgreSQL refuses root."""
    user = "postgres" if os.geteuid() == 0 else None
    groups: list[int] | None = [] if user else None
    done = subprocess.run(
        [str(word) for word in command],
        check=False,
        capture_output=True,
        text=True,
        user=user,
        group=user,
        extra_groups=groups,
        cwd="/",
    )
    if done.returncode:
        raise SystemExit(f"{Path(command[0]).name} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def _has_postgres_user() -> bool:
    try:
        return bool(pwd.getpwnam("postgres"))
    except KeyError:
        return False
