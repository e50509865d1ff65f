"""The tables of alarms in SQL."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import delete, select

from metropool.capabilities.alarms.model import AREA_DAY
from metropool.capabilities.alarms.tables import anomaly as anomaly_table
from metropool.capabilities.alarms.tables import area_day, area_day_looked
from metropool.exchange.messages import AnomalyFound
from metropool.storage.bulk import columns_of, insert_columns
from metropool.storage.units import UnitContext
from metropool.storage.upsert import insert_into, upsert


class SqlAreaBook:
    """What areas used, and what is abnormal in them, in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def put_days(self, rows: pa.Table) -> None:
        """Keep rows of ``AREA_DAY`` in place of those of the same area, medium and day."""
        if not rows.num_rows:
            return
        made = insert_into(self._connection, area_day)
        keys = [column.name for column in area_day.primary_key]
        changed = {name: made.excluded[name] for name in AREA_DAY.names if name not in keys}
        columns = {name: rows[name].to_pylist() for name in AREA_DAY.names}
        columns["business_date"] = [day.isoformat() for day in columns["business_date"]]
        insert_columns(self._connection, made.on_conflict_do_update(index_elements=keys, set_=changed), columns)

    def days(self, *, first: date, last: date) -> pa.Table:
        """What areas used from ``first`` to ``last``, both included: ``AREA_DAY``."""
        c = area_day.c
        query = select(*(c[name] for name in AREA_DAY.names)).where(
            c.business_date >= first.isoformat(), c.business_date <= last.isoformat()
        )
        columns = columns_of(self._connection.execute(query)) or [()] * len(AREA_DAY)
        arrays = dict(zip(AREA_DAY.names, columns, strict=True))
        days = pc.cast(pa.array(arrays["business_date"], pa.string()), pa.date32())
        return pa.table({name: days if name == "business_date" else arrays[name] for name in AREA_DAY.names}, schema=AREA_DAY)

    def note_looked_at(self, days: Mapping[date, int]) -> None:
        """Note up to which file each day is kept."""
        rows = [{"business_date": day.isoformat(), "newest": newest} for day, newest in days.items()]
        upsert(self._connection, area_day_looked, rows)

    def looked_at(self, *, first: date, last: date) -> dict[date, int]:
        """Up to which file each day from ``first`` to ``last``, both included, is kept."""
        c = area_day_looked.c
        query = select(c.business_date, c.newest).where(c.business_date.between(first.isoformat(), last.isoformat()))
        return {date.fromisoformat(day): int(newest) for day, newest in self._connection.execute(query)}

    def drop_days(self, *, before: date) -> None:
        """Forget what areas used before a day."""
        for table in (area_day, area_day_looked):
            self._connection.execute(delete(table).where(table.c.business_date < before.isoformat()))

    def open_anomalies(self) -> list[AnomalyFound]:
        """What is abnormal and not over, oldest first."""
        c = anomaly_table.c
        query = select(anomaly_table).where(c.state == "found").order_by(c.first_day, c.anomaly)
        return [_anomaly(row) for row in self._connection.execute(query).mappings()]

    def put_anomaly(self, anomaly: AnomalyFound) -> None:
        """Keep the newest edition in place of the one before."""
        row = msgspec.to_builtins(anomaly, builtin_types=(date, datetime))
        row = {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items() if name != "type"}
        upsert(self._connection, anomaly_table, [row])

    def anomalies(self, *, limit: int) -> list[AnomalyFound]:
        """The newest anomalies, over or not."""
        c = anomaly_table.c
        query = select(anomaly_table).order_by(c.found_at.desc(), c.anomaly).limit(limit)
        return [_anomaly(row) for row in self._connection.execute(query).mappings()]


def _anomaly(row: Any) -> AnomalyFound:
    return msgspec.convert({str(name): value for name, value in row.items()}, AnomalyFound)
