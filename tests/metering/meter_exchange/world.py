"""A small city's registry and lake, whose meters' readings the test writes; days are sealed at a time it chooses."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from cityinabox.city import make_city
from metering.frontend.test_city import BOOKS
from metropool.capabilities.metering.capability import METERING
from metropool.capabilities.metering.meter_exchange import operations
from metropool.capabilities.metering.meter_exchange.model import Draft, NewMeter
from metropool.capabilities.metering.sealing import operations as sealing
from metropool.core.identifiers import PartyId, RandomIds, SystemId
from metropool.core.quantities import reading_type
from metropool.facts import commands, events, registry
from metropool.facts.readings.book import Readings
from metropool.facts.readings.parquet import READING_PARQUET
from metropool.facts.readings.schemas import READING
from metropool.facts.registry.tables import channel
from metropool.runtime.enrol import enrol_metering
from metropool.runtime.work import Work
from metropool.storage import lake as lake_storage
from metropool.storage.database import open_database
from metropool.storage.lake import Lake
from metropool.storage.units import UnitContext

DAY = timedelta(days=1)
NOON = datetime(2026, 7, 10, 4, 0, tzinfo=UTC)
"""Noon of 2026-07-10 where the meters are."""


@dataclass
class World:
    """Units of work of metering; ``now`` is the test's."""

    folder: Path
    now: datetime = NOON + 3 * DAY
    told: list = field(default_factory=list)
    files: int = 0

    def __post_init__(self) -> None:
        self.lake = Lake(self.folder / "lake")
        self.database = open_database(f"sqlite:///{self.folder}", schema="metering")
        tables = [registry.metadata, events.metadata, commands.metadata, lake_storage.metadata, *METERING.tables]
        self.database.create(tables)
        self.city = json.loads(make_city(7, 2).text())
        self(lambda work: enrol_metering(work.registry, self.city))

    def __call__(self, operation, **values):
        with self.database.unit() as connection:
            context = UnitContext(connection, self.now, self.lake, SystemId("metering"), PartyId("grid"), RandomIds())
            books = {**BOOKS, "readings": Readings}
            work = Work(context=context, capability=METERING, rows=(), books=books, routes={})
            work.tell = self._tell
            return operation(work=work, **values) if values else operation(work)

    def _tell(self, message, *, key: str, to: str | None = None) -> None:
        self.told.append(message)

    def channel(self, device: str, code: str) -> int:
        rows = self(lambda work: work.registry.rows(channel, device=device, reading_type=reading_type(code).id))
        return max(rows, key=lambda row: row["point"])["id"]

    def measured(self, device: str, code: str, *rows: tuple[datetime, str]) -> None:
        """A meter told these registers at these instants."""
        number, kind = self.channel(device, code), reading_type(code)
        for at, value in rows:
            self._write(
                "readings",
                "channel",
                at,
                {"channel": number, "value": kind.stored(Decimal(value)), "quality": 0, "origin": 2},
                READING,
            )

    def told_by_nobody(self, address: int, point: int, code: str, *rows: tuple[datetime, str]) -> None:
        """A device the registry does not know told these registers."""
        kind = reading_type(code)
        schema = pa.schema(
            [("device", pa.int64()), ("point", pa.uint16()), ("item", pa.int32()), *(READING.field(n) for n in READING.names[1:])]
        )
        for at, value in rows:
            row = {"device": address, "point": point, "item": kind.id, "value": kind.stored(Decimal(value))}
            self._write("unknown_readings", "device", at, {**row, "quality": 0, "origin": 2}, schema)

    def _write(self, table: str, key: str, at: datetime, row: dict, schema: pa.Schema) -> None:
        self.files += 1
        day = (at + timedelta(hours=8) - timedelta(seconds=1)).date().isoformat()
        row |= {"at": int(at.timestamp()), "received_at": int(at.timestamp() * 1000)}
        data = pa.Table.from_pylist([row], schema=schema)
        options = READING_PARQUET if table == "readings" else {}
        file = self.lake.write(table=table, part=day, name=f"made-{self.files}", data=data, key=key, **options)
        self(lambda work: work.add_files([file]))

    def seal(self) -> None:
        """Seal until nothing is due."""
        while (prepared := self(lambda work: sealing.prepare(work=work))) is not None and prepared.row["holes"] >= 0:
            self(sealing.commit, prepared=prepared)

    def block(self, point: str, code: str, day: date) -> dict:
        """The latest block of a usage point and day, as others are told of it."""

        def ask(work):
            numbers = {row["id"]: row["usage_point"] for row in work.registry.usage_points().to_pylist()}
            kind = reading_type(code).id
            blocks = work.readings.blocks(usage_points=[numbers[point]], first=day, last=day, reading_types=[kind])
            return sealing.told_rows(blocks, registry=work.registry).to_pylist()

        (row,) = self(ask)
        return row

    def exchange(self, *, key: str = "k", **values) -> str:
        return self(operations.record_exchange, draft=draft(**values), key=key)


def draft(**values) -> Draft:
    """An exchange of the first electricity meter at noon; ``new`` fields may be given."""
    new = {name: values.pop(name) for name in ("number", "address", "protocol", "point") if name in values}
    new = {"number": "440126900001", "address": "440126900001", "protocol": "dlt645-2007", **new}
    return Draft(
        **{
            "device": "meter-electricity-0001",
            "at": NOON,
            "final": Decimal("110"),
            "start": Decimal("3"),
            "final_source": "typed",
            "reason": "worn out",
            "by": "li",
            "new": NewMeter(**new),
            **values,
        }
    )
