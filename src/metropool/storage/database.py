"""One system's own database: SQLite (WAL, ``synchronous=FULL``) by default, one PostgreSQL schema when a city outgrows it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, MetaData, Table, create_engine, event, inspect, text
from sqlalchemy.engine.mock import MockConnection
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.pool import NullPool, QueuePool

from metropool.core.errors import Invalid, Unavailable

# Pages of 16 KiB, in databases made from now on: rows of a kilobyte and blobs need a third of the reads and writes that pages
# of 4 KiB take. The cache is 8 MiB a connection, so that it still holds some hundred pages.
POSTGRESQL = "postgresql+psycopg://"
_PRAGMAS = (
    "page_size=16384",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=10000",
    "temp_store=MEMORY",
    "cache_size=-8192",
)


SQLITE_ERROR = 1
"""SQLite's own number of it."""


class Database:
    """Opens units that write (one at a time) and snapshots that read."""

    def __init__(self, *, writer: Engine, reader: Engine) -> None:
        self._writer = writer
        self._reader = reader

    @contextmanager
    def unit(self) -> Iterator[Connection]:
        """One ``BEGIN IMMEDIATE … COMMIT``; rolled back whole when the body raises.

        Raises:
            Unavailable: The disk is full or the database busy beyond its time-out; nothing was changed.
        """
        with _or_unavailable("the database refused the write", "; nothing was changed"), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A consistent view that changes nothing.

        Raises:
            Unavailable: The database cannot be read now.
        """
        with _or_unavailable("the database cannot be read"), self._reader.connect() as connection:
            yield connection

    def create(self, rooms: Sequence[MetaData]) -> None:
        """Make the tables that are not there yet."""
        with self._writer.begin() as connection:
            there = set(inspect(connection).get_table_names())
            tongue = _Tongue(connection.dialect.name, connection.dialect.server_version_info, connection.dialect)
            for metadata in rooms:
                missing = tuple(table for table in metadata.tables.values() if table.name not in there)
                for statement in _statements(tongue, missing) if missing else ():
                    connection.exec_driver_sql(statement)
                there.update(table.name for table in missing)

    def close(self) -> None:
        """Give all connections back."""
        self._writer.dispose()
        self._reader.dispose()


@dataclass(frozen=True)
class _Tongue:
    """What a server understands: two of one name and version understand the same."""

    name: str
    version: tuple[Any, ...] | None
    dialect: Dialect = field(compare=False)


@lru_cache(maxsize=512)
def _statements(tongue: _Tongue, tables: tuple[Table, ...]) -> tuple[str, ...]:
    """What makes some tables of one room, in its order; wording it takes longer than doing it, so it is worded once a process."""
    worded: list[str] = []
    scribe = MockConnection(tongue.dialect, lambda ddl, *_, **__: worded.append(str(ddl.compile(dialect=tongue.dialect))))
    tables[0].metadata.create_all(scribe, tables=tables, checkfirst=False)
    return tuple(worded)


@contextmanager
def _or_unavailable(what: str, then: str = "") -> Iterator[None]:
    try:
        yield
    except OperationalError as cause:
        # What SQLite calls a plain error is in the statement, and no matter of the machine: it would be tried for ever.
        if getattr(cause.orig, "sqlite_errorcode", None) == SQLITE_ERROR:
            raise
        raise Unavailable(f"{what}: {cause.orig}{then}") from cause


def open_database(url: str, *, schema: str) -> Database:
    """Open the books of one system.

    Args:
        url: ``sqlite:///<folder>`` (one file ``<schema>.sqlite`` in it) or ``postgresql+psycopg://…`` (one schema).
        schema: Name of the system.

    Raises:
        Invalid: The address is of no such database.
        Unavailable: The database cannot be reached; says which and what to do.
    """
    if not url.startswith(("sqlite:///", POSTGRESQL)):
        raise Invalid(f"{url!r} is no database: METROPOOL_DATABASE is embedded or {POSTGRESQL}user@host/name")
    try:
        return _open_sqlite(url, schema) if url.startswith("sqlite") else _open_postgresql(url, schema)
    except ImportError as cause:
        raise Unavailable(
            f"PostgreSQL needs a package that is not installed ({cause.name}): install metropool[postgres]"
        ) from cause
    except (ArgumentError, ValueError) as cause:
        raise Invalid(f"METROPOOL_DATABASE is no address of a database: {cause}") from cause
    except (OperationalError, OSError) as cause:
        raise Unavailable(f"cannot open the database of {schema} at {url}: {cause}") from cause


def _open_sqlite(url: str, schema: str) -> Database:
    folder = Path(url.removeprefix("sqlite:///"))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / f"{schema}.sqlite"
    writer = create_engine(f"sqlite:///{file}", poolclass=QueuePool, pool_size=1, max_overflow=0)
    reader = create_engine(f"sqlite:///{file}", poolclass=QueuePool, pool_size=4, max_overflow=8)
    for engine, begin in ((writer, "BEGIN IMMEDIATE"), (reader, "BEGIN")):
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_with(begin))
    with writer.begin() as connection:
        connection.execute(text("SELECT 1"))
    file.chmod(0o600)
    return Database(writer=writer, reader=reader)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_with(statement: str) -> Any:
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    return begin


def _open_postgresql(url: str, schema: str) -> Database:
    options = {"options": f"-csearch_path={schema}"}
    writer = create_engine(url, pool_size=1, max_overflow=0, connect_args=options)
    reader = create_engine(url, pool_size=4, max_overflow=8, connect_args=options)
    setup = create_engine(url, poolclass=NullPool)
    with setup.begin() as connection:
        connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
    return Database(writer=writer, reader=reader)
