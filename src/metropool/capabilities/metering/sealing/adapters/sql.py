"""The book of sealed days."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa
from sqlalchemy import delete, func, insert, select, update

from metropool.capabilities.metering.sealing.tables import sealed_day, validation_flag
from metropool.facts.readings.book import READINGS
from metropool.facts.registry.tables import installation
from metropool.storage.lake import lake_file
from metropool.storage.units import UnitContext


class SqlSealing:
    """Which days are sealed, up to where, in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def days_with_readings(self) -> Mapping[str, int]:
        """Business day to the newest snapshot that added readings to it."""
        c = lake_file.c
        query = select(c.part, func.max(c.added_in)).where(c.table_name == READINGS).group_by(c.part)
        return {part: int(newest) for part, newest in self._connection.execute(query)}

    def sealed(self) -> Mapping[str, Mapping[str, Any]]:
        """Sealed days by business date."""
        return {row["business_date"]: dict(row) for row in self._connection.execute(select(sealed_day)).mappings()}

    def registry_version(self) -> int:
        """Grows with every installation recorded."""
        return int(self._connection.execute(select(func.coalesce(func.max(installation.c.id), 0))).scalar_one())

    def corrected_since(self, version: int) -> int | None:
        """Earliest instant [Unix s] that corrections recorded after a version speak of; None when there are none."""
        c = installation.c
        query = select(func.min(func.coalesce(c.changes_from, c.valid_from))).where(c.id > version, c.version > 1)
        return self._connection.execute(query).scalar()

    def note_sealed(self, row: Mapping[str, Any]) -> None:
        """Keep how far a day is sealed."""
        self._connection.execute(delete(sealed_day).where(sealed_day.c.business_date == row["business_date"]))
        self._connection.execute(insert(sealed_day).values(**row))

    def note_compacted(self, day: date, *, snapshot: int) -> None:
        """The readings of a sealed day lie in other files since a snapshot: no reason to seal it again."""
        day_row = update(sealed_day).where(sealed_day.c.business_date == day.isoformat())
        self._connection.execute(day_row.values(snapshot=snapshot))

    def note_flags(self, day: date, flags: pa.Table) -> None:
        """Replace what validation found on a day."""
        self._connection.execute(delete(validation_flag).where(validation_flag.c.business_date == day.isoformat()))
        rows = flags.drop_columns(["row"]).to_pylist()
        if rows:
            self._connection.execute(insert(validation_flag), [{**row, "business_date": day.isoformat()} for row in rows])

    def flags(self, *, channels: list[int], first: date, last: date) -> list[Mapping[str, Any]]:
        """What validation found for some channels between two business days, both included, newest first."""
        c = validation_flag.c
        query = select(validation_flag).where(
            c.channel.in_(channels), c.business_date >= first.isoformat(), c.business_date <= last.isoformat()
        )
        return [dict(row) for row in self._connection.execute(query.order_by(c.from_at.desc())).mappings()]
