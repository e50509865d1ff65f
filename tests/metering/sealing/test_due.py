"""A sealed day is sealed again when what came beside it may close its holes, and comes to rest."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from metropool.capabilities.metering.capability import METERING
from metropool.capabilities.metering.sealing import compaction, operations
from metropool.core.clock import VirtualClock
from metropool.core.identifiers import PartyId, SeededIds, SystemId
from metropool.core.quantities import reading_type
from metropool.facts.readings.book import READINGS
from metropool.facts.readings.parquet import READING_PARQUET
from metropool.facts.readings.schemas import READING
from metropool.facts.registry.tables import channel, end_device, installation, place, usage_point
from metropool.runtime.capabilities import BOOKS, TABLES
from metropool.runtime.node import Hosted, Node
from metropool.storage.database import open_database
from metropool.storage.lake import Lake

DAY = date(2026, 7, 1)
BEGINS = datetime(2026, 6, 30, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)
POINT, CHANNEL, PER_HOUR = 7, 1, 10


@dataclass
class Station:
    """One water meter of 10 litres an hour, and the node that seals what is known of it."""

    node: Node
    files: int = 0

    def at(self, hours: float) -> "Station":
        """Let it be so many hours after the day began."""
        self.node.clock.advance(BEGINS + HOUR * hours - self.node.clock.now())
        return self

    def read(self, *hours: int, channel_id: int = CHANNEL) -> None:
        """Readings of some hours after the day began arrive, each in the file of the day it is kept under."""
        for hour in hours:
            self.files += 1
            at = int((BEGINS + HOUR * hour).timestamp())
            row = {"channel": channel_id, "at": at, "value": 1000 + PER_HOUR * hour, "quality": 0, "origin": 1}
            rows = pa.Table.from_pylist([row | {"received_at": at * 1000}], schema=READING)
            part, name = (DAY + timedelta(days=(hour - 1) // 24)).isoformat(), f"log-{self.files}"
            file = self.node.lake.write(table=READINGS, part=part, name=name, data=rows, key="channel", **READING_PARQUET)
            self.node.write_now("metering", lambda work, file=file: work.add_files([file]))

    def seal(self) -> list[str]:
        """Step the worker until nothing is due; the days it sealed."""
        days = []
        while (ready := self.node.read_now("metering", lambda work: operations.prepare(work=work))) is not None:
            self.node.write_now("metering", lambda work, ready=ready: operations.commit(work=work, prepared=ready))
            days.append(ready.day.isoformat())
            assert len(days) < 20, "it never comes to rest"
        return days

    def compact(self) -> list[str]:
        parts = []
        while (ready := self.node.read_now("metering", lambda work: compaction.prepare(work=work))) is not None:
            self.node.write_now("metering", lambda work, ready=ready: compaction.commit(work=work, prepared=ready))
            parts.append(ready.part)
        return parts

    def block(self) -> dict:
        found = self.node.read_now(
            "metering", lambda work: work.readings.blocks(usage_points=[POINT], first=DAY, last=DAY).to_pylist()
        )
        return found[0]


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    node = Node(
        system=SystemId("metering"),
        party=PartyId("grid"),
        database=open_database(f"sqlite:///{tmp_path}", schema="metering"),
        lake=Lake(root=tmp_path / "lake"),
        clock=VirtualClock(BEGINS),
        ids=SeededIds(1),
        hosted={"metering": Hosted(capability=METERING, rows=())},
        routes={},
        books=BOOKS,
        tables=TABLES,
    )
    node.write_now("metering", enrol)
    yield Station(node)
    node.close()


def enrol(work) -> None:
    water = reading_type("water_register").id
    work.registry.add(place, [{"id": "home-1", "kind": "home", "name_zh": "一", "name_en": "one"}])
    work.registry.add(usage_point, [{"number": POINT, "id": "point-7", "service": "water", "role": "supply", "place": "home-1"}])
    meter = {"id": "meter-1", "kind": "meter", "model": "m", "serial": "1", "protocol": "cjt188", "address": "1"}
    work.registry.add(end_device, [meter | {"settings": {}, "point": 0}])
    served = {"channel": CHANNEL, "usage_point": POINT, "multiplier": "1", "valid_from": 0, "recorded_at": 0, "version": 1}
    work.registry.add(installation, [{"id": 1} | served])
    dial = {"id": CHANNEL, "device": "meter-1", "reading_type": water, "address": 1, "point": 0, "digits": 8}
    work.registry.add(channel, [dial | {"interval_s": 3600, "writable": False}])


def test_the_first_reading_of_the_next_day_that_comes_late_gives_the_day_its_end(station: Station) -> None:
    station.at(21).read(*range(21))
    assert station.at(37).seal()[-1] == "2026-07-01"
    before = station.block()
    assert (before["values"][20:], before["register_end"]) == ([None] * 4, None)
    station.at(38).read(38)
    assert station.seal() == ["2026-07-01", "2026-07-02"]
    after = station.block()
    assert after["version"] == before["version"] + 1
    assert after["values"] == [PER_HOUR] * 24
    assert after["quality"][20:] == [1] * 4
    assert station.seal() == []


def test_a_measured_end_takes_the_place_of_an_estimated_one(station: Station) -> None:
    station.at(26).read(*range(24), 26)
    station.at(37).seal()
    assert station.block()["quality"][23] == 1
    station.at(38.5).read(24)
    station.seal()
    assert station.block()["quality"] is None


def test_the_last_reading_of_the_day_before_that_comes_late_gives_the_day_its_beginning(station: Station) -> None:
    station.at(25).read(-5, *range(3, 26))
    station.at(37).seal()
    assert station.block()["quality"][:3] == [1] * 3
    station.at(40).read(0)
    station.seal()
    assert station.block()["values"] == [PER_HOUR] * 24
    station.at(42).read(-1)
    assert "2026-07-01" in station.seal()


def test_what_is_replayed_a_day_later_changes_nothing(station: Station) -> None:
    """F28, as far as it is data: frames of yesterday that are sent again are readings that are known."""
    station.at(25).read(*range(26))
    station.at(37).seal()
    before = station.block()
    station.at(61).read(*range(26))
    assert "2026-07-01" in station.seal()
    assert station.block() == before


def test_days_that_wait_for_nothing_stay_as_they_are(station: Station) -> None:
    station.at(25).read(*range(26))
    station.at(37).seal()
    for hour in range(38, 44):
        station.at(hour).read(hour)
        assert station.seal() == ["2026-07-02"]


def test_a_day_with_holes_is_looked_at_once_an_hour(station: Station) -> None:
    station.at(25).read(*range(20))
    station.at(37).seal()
    sealed = 0
    for minute in range(0, 180, 10):
        station.at(37 + minute / 60).read(41, channel_id=99)
        sealed += "2026-07-01" in station.seal()
    assert sealed <= 3


def test_compacting_the_next_day_is_no_reason_to_seal_a_day_with_holes_again(station: Station) -> None:
    station.at(25).read(*range(20))
    for _ in range(30):
        station.read(41, channel_id=99)
    station.at(90).seal()
    station.at(200).seal()
    assert station.compact() == ["2026-07-01", "2026-07-02"]
    assert station.at(210).seal() == []
