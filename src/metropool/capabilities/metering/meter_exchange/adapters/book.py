"""The book of meter exchanges: a correction is a new version, the one before stays."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    tuple_,
    update,
)

from metropool.capabilities.metering.collection.adapters.tables import unknown_device
from metropool.facts.registry.tables import channel, end_device, installation
from metropool.storage.units import UnitContext

Row = Mapping[str, Any]
metadata = MetaData()
meter_exchange = Table(
    "meter_exchange",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("replaced_by", Integer),
    Column("usage_point", String, nullable=False),
    Column("old_device", String, nullable=False),
    Column("new_device", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("registers", JSON, nullable=False),
    Column("final_source", String, nullable=False),
    Column("new_meter", JSON, nullable=False),
    Column("reason", String, nullable=False),
    Column("recorded_by", String, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("body_hash", String, nullable=False),
    Index("meter_exchange_by_id", "id", "version"),
    Index("meter_exchange_by_point", "usage_point"),
)
"""``at`` Unix s, ``recorded_at`` Unix ms; ``registers``: reading type to [final of the old meter, start of the new one]."""


class ExchangeBook:
    """Exchanges, and what of the registry they touch beside installations, in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def versions(self, *, id: str) -> list[Row]:
        """All versions of an exchange, oldest first."""
        return self._rows(meter_exchange.c.id == id)

    def of_usage_points(self, usage_points: Sequence[str]) -> list[Row]:
        """All versions of the exchanges at some usage points, oldest first."""
        return self._rows(meter_exchange.c.usage_point.in_(list(usage_points)))

    def add(self, row: Row) -> None:
        """Keep a version; the one before it is marked as replaced."""
        added = self._connection.execute(insert(meter_exchange).values(**row)).inserted_primary_key
        c = meter_exchange.c
        before = (c.id == row["id"], c.version == row["version"] - 1)
        self._connection.execute(update(meter_exchange).where(*before).values(replaced_by=added[0] if added else 0))

    def highest(self) -> tuple[int, int]:
        """Highest channel and installation."""
        found = [self._connection.execute(select(func.max(column))).scalar() or 0 for column in (channel.c.id, installation.c.id)]
        return int(found[0]), int(found[1])

    def points_taken(self, *, terminal: int) -> set[int]:
        """Measuring points of a terminal that have a meter, or once had one."""
        query = select(channel.c.point).where(channel.c.address == terminal).distinct()
        return {int(row[0]) for row in self._connection.execute(query)}

    def rename(self, *, device: str, meter: Row, addresses: Mapping[int, tuple[int, int]]) -> None:
        """Say otherwise what was put in: number, address and point of a device, address and point of its channels."""
        names = ("serial", "protocol", "address", "point", "model")
        values = {name: meter[name] for name in names}
        self._connection.execute(update(end_device).where(end_device.c.id == device).values(values))
        for number, (address, point) in addresses.items():
            self._connection.execute(update(channel).where(channel.c.id == number).values(address=address, point=point))

    def no_longer_unknown(self, keys: Sequence[tuple[int, int, int]]) -> None:
        """Devices, points and items the registry knows now."""
        c = unknown_device.c
        if keys:
            self._connection.execute(delete(unknown_device).where(tuple_(c.device, c.point, c.item).in_(list(keys))))

    def _rows(self, where: Any) -> list[Row]:
        query = select(meter_exchange).where(where).order_by(meter_exchange.c.at, meter_exchange.c.version)
        return [dict(row) for row in self._connection.execute(query).mappings()]
