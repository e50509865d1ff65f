"""The table of schedule versions, in one unit of work. Rows are added, never changed."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, fields

from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, String, Table, insert, select

from metropool.capabilities.metering.scheduling.model import Version
from metropool.storage.units import UnitContext

metadata = MetaData()

schedule_version = Table(
    "collection_schedule_version",
    metadata,
    Column("item", Integer, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("every_s", Integer, nullable=False),
    Column("delay_s", Integer, nullable=False),
    Column("is_collected", Boolean, nullable=False),
    Column("starts_at", BigInteger, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("made_by", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("restores", Integer),
)
_COLUMNS = [schedule_version.c[field.name] for field in fields(Version)]


class ScheduleVersionBook:
    """Versions of how items are collected."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def versions(self) -> Mapping[int, list[Version]]:
        """All versions by item, oldest first."""
        found: dict[int, list[Version]] = defaultdict(list)
        query = select(*_COLUMNS).order_by(schedule_version.c.item, schedule_version.c.version)
        for row in self._connection.execute(query).mappings():
            found[row["item"]].append(Version(**row))
        return found

    def add(self, version: Version) -> None:
        """Keep a version."""
        self._connection.execute(insert(schedule_version).values(asdict(version)))
