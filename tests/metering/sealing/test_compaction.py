"""Compacting changes how many files there are, never what they say; whatever breaks off in between loses nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from metropool.capabilities.insight import compaction as told
from metropool.capabilities.metering.sealing import compaction, operations
from metropool.capabilities.metering.sealing.adapters.sql import SqlSealing
from metropool.capabilities.metering.sealing.tables import metadata as sealing_tables
from metropool.core.errors import Conflict
from metropool.core.identifiers import PartyId, SeededIds, SystemId
from metropool.facts import registry as registry_facts
from metropool.facts.readings import compaction as pieces
from metropool.facts.readings.book import BLOCKS, READINGS, Readings
from metropool.facts.readings.parquet import READING_PARQUET
from metropool.facts.readings.schemas import BLOCK, READING
from metropool.storage import lake as lake_storage
from metropool.storage.database import Database, open_database
from metropool.storage.lake import Lake
from metropool.storage.units import UnitContext

JUNE = [date(2026, 6, 1) + timedelta(days=i) for i in range(30)]
NOW = datetime(2026, 7, 6, 4, 0, tzinfo=UTC)
SEALED_AT = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)
POINTS, TYPES = 40, (5, 9)


@dataclass
class Work:
    """What the runtime hands to the worker."""

    context: UnitContext

    def __post_init__(self) -> None:
        self.now = self.context.now
        self.sealing, self.readings = SqlSealing(self.context), Readings(self.context)
        self.registry = registry_facts.Registry(self.context)


@dataclass
class Books:
    database: Database
    lake: Lake
    now: datetime = NOW

    def unit(self, step: Callable[[Work], Any]) -> Any:
        with self.database.unit() as connection:
            ids = SeededIds(1)
            return step(Work(UnitContext(connection, self.now, self.lake, SystemId("metering"), PartyId("grid"), ids)))

    def compact(self, room: Any = compaction) -> list[str]:
        """Step the worker until nothing is left to do; the parts it compacted."""
        parts = []
        while (prepared := self.unit(lambda work: room.prepare(work=work))) is not None:
            assert self.unit(lambda work, done=prepared: room.commit(work=work, prepared=done)) == self.now
            parts.append(prepared.part)
            assert len(parts) < 50, "it never comes to rest"
        assert self.unit(lambda work: room.commit(work=work, prepared=None)) is None
        return parts

    def add_blocks(self, blocks: pa.Table, *, name: str) -> None:
        self.unit(lambda work: work.readings.add(work.readings.write_blocks(blocks, name=name)))

    def add_readings(self, rows: pa.Table, *, day: date, name: str) -> None:
        file = self.lake.write(table=READINGS, part=day.isoformat(), name=name, data=rows, key="channel", **READING_PARQUET)
        self.unit(lambda work: work.readings.add([file]))

    def seal(self, day: date, *, at: datetime = SEALED_AT) -> None:
        def note(work: Work) -> None:
            row = {"business_date": day.isoformat(), "snapshot": work.readings.snapshot, "registry_version": 0, "holes": 0}
            work.sealing.note_sealed({**row, "is_estimated": True, "sealed_at": at.isoformat()})

        self.unit(note)

    def listed(self, table: str, *, first: date = JUNE[0], last: date = JUNE[-1]) -> list[str]:
        return [file.path for file in self.unit(lambda work: work.readings.files(table, first=first, last=last))]

    def on_disk(self) -> set[str]:
        return {str(path.relative_to(self.lake.root)) for path in self.lake.root.rglob("*") if path.is_file()}

    def said(self) -> list[pa.Table]:
        """All that is asked of blocks: one point, some points, one day, one type."""

        def ask(work: Work) -> list[pa.Table]:
            book, all_of_june = work.readings, {"first": JUNE[0], "last": JUNE[-1]}
            return [
                book.blocks(usage_points=[7], **all_of_june),
                book.blocks(usage_points=list(range(POINTS)), **all_of_june),
                book.blocks(usage_points=[3, 30], reading_types=[9], first=JUNE[4], last=JUNE[4]),
                book.blocks_of_day(JUNE[4]),
                book.blocks_of_day(JUNE[29]),
            ]

        return self.unit(ask)

    def is_sealing_due(self) -> bool:
        return self.unit(lambda work: operations.next_day(work=work)) is not None


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    database = open_database(f"sqlite:///{tmp_path}", schema="metering")
    database.create([sealing_tables, registry_facts.metadata, lake_storage.metadata])
    yield Books(database, Lake(tmp_path / "lake"))
    database.close()


def blocks_of(day: date, *, version: int = 1, points: range = range(POINTS), seed: int = 0) -> pa.Table:
    draw = np.random.default_rng([seed, day.toordinal(), version])
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) - 8 * 3600
    rows = [
        {
            "usage_point": point,
            "reading_type": kind,
            "business_date": day,
            "version": version,
            "start": start,
            "interval_s": 3600,
            "values": [None if value == 0 else value for value in draw.integers(0, 50, 24).tolist()],
            "quality": [1] * 24 if point % 5 == 0 else None,
            "register_start": point * 1000,
            "register_end": None if point % 7 == 0 else point * 1000 + 400,
            "readings_snapshot": 1,
            "installation_version": 1,
            "rules_version": 1,
        }
        for point in points
        for kind in TYPES
    ]
    return pa.Table.from_pylist(rows, schema=BLOCK)


def readings_of(day: date, *, file: int, channels: int = 20) -> pa.Table:
    """Readings of a day as one log file brings them: some instants come in every file, each time with another value."""
    noon = int(datetime(day.year, day.month, day.day, 4, tzinfo=UTC).timestamp())
    rows = [
        {"channel": channel, "at": at, "value": file * 1000 + channel, "quality": 0, "origin": 1, "received_at": at * 1000 + file}
        for channel in range(channels)
        for at in (noon, noon + 60 * (file + 1))
    ]
    return pa.Table.from_pylist(rows, schema=READING)


@pytest.fixture
def june(books: Books) -> Books:
    """June, sealed: a file of readings and blocks each day, second versions of a few points of the fifth."""
    for day in JUNE:
        books.add_readings(readings_of(day, file=0), day=day, name="log-0")
        books.add_blocks(blocks_of(day), name="sealed-1")
        books.seal(day)
    books.add_blocks(blocks_of(JUNE[4], version=2, points=range(3, 9)), name="sealed-2")
    return books


class TestMonth:
    def test_is_one_file_that_says_the_same(self, june: Books):
        before, listed = june.said(), june.listed(BLOCKS)
        assert len(listed) == 31
        assert june.compact() == ["2026-06"]
        assert june.said() == before
        (path,) = june.listed(BLOCKS)
        assert path.startswith("blocks/2026-06/")
        assert june.listed(BLOCKS, first=JUNE[9], last=JUNE[9]) == [path]
        assert not june.is_sealing_due()

    def test_is_cut_so_that_memory_is_bounded(self, june: Books, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(pieces, "BLOCK_ROWS", 500)
        before = june.said()
        june.compact()
        files = june.unit(lambda work: work.readings.files(BLOCKS, first=JUNE[0], last=JUNE[-1]))
        assert sum(file.rows for file in files) == 30 * POINTS * len(TYPES)
        assert len(files) == 5
        assert all(one.high < other.low for one, other in pairwise(files))
        assert june.said() == before

    def test_later_versions_come_as_files_of_days_and_win(self, june: Books):
        june.compact()
        corrected = blocks_of(JUNE[11], version=2, points=range(7, 8), seed=3)
        june.add_blocks(corrected, name="sealed-9")
        found = june.unit(lambda work: work.readings.blocks(usage_points=[7], first=JUNE[11], last=JUNE[11]))
        assert found == corrected
        assert len(june.listed(BLOCKS)) == 2
        assert june.compact() == []
        for number in range(3):
            june.add_blocks(blocks_of(JUNE[20 + number], version=2, points=range(5)), name="sealed-10")
        before = june.said()
        assert june.compact() == ["2026-06"]
        assert june.said() == before
        assert len(june.listed(BLOCKS)) == 1

    def test_waits_until_all_its_days_are_sealed_and_quiet(self, june: Books):
        june.seal(JUNE[12], at=NOW - timedelta(days=2))
        assert june.compact() == []
        june.seal(JUNE[12], at=SEALED_AT)
        june.add_readings(readings_of(JUNE[12], file=1), day=JUNE[12], name="log-late")
        assert june.is_sealing_due()
        assert june.compact() == []
        june.seal(JUNE[12])
        early = replace(june, now=datetime(2026, 7, 3, 12, 0, tzinfo=UTC))
        for day in JUNE:
            early.seal(day, at=datetime(2026, 6, 20, tzinfo=UTC))
        assert early.compact() == []
        assert june.compact() == ["2026-06"]


class TestDayOfReadings:
    @pytest.fixture
    def busy(self, books: Books) -> Books:
        for number in range(30):
            books.add_readings(readings_of(JUNE[2], file=number), day=JUNE[2], name=f"log-{number:03d}")
        books.seal(JUNE[2])
        return books

    @staticmethod
    def rows_of(books: Books) -> pa.Table:
        found = books.unit(lambda work: work.readings.readings(first=JUNE[2], last=JUNE[2]))
        return found.sort_by([("channel", "ascending"), ("at", "ascending")])

    @pytest.mark.parametrize(("at_most", "files"), [(4_000_000, 1), (200, 6)])
    def test_is_few_files_in_which_the_later_still_come_last(self, busy, monkeypatch, at_most: int, files: int):
        monkeypatch.setattr(pieces, "READING_ROWS", at_most)
        before = self.rows_of(busy)
        assert busy.compact() == ["2026-06-03"]
        assert len(busy.listed(READINGS)) == files
        assert self.rows_of(busy) == before
        assert before.num_rows == 30 * 40
        busy.add_readings(readings_of(JUNE[2], file=77), day=JUNE[2], name="log-late")
        found = self.rows_of(busy).filter(pa.compute.equal(self.rows_of(busy)["channel"], 4))
        assert found["value"][30].as_py() == 77_004

    def test_is_no_reason_to_seal_again_but_late_readings_are(self, busy: Books):
        busy.compact()
        assert not busy.is_sealing_due()
        busy.add_readings(readings_of(JUNE[2], file=31), day=JUNE[2], name="log-late")
        assert busy.is_sealing_due()

    def test_waits_until_it_is_sealed(self, busy: Books):
        busy.add_readings(readings_of(JUNE[2], file=31), day=JUNE[2], name="log-late")
        assert busy.compact() == []


class TestBreakingOff:
    def test_between_writing_and_committing_leaves_only_orphans(self, june: Books):
        before, listed, on_disk = june.said(), june.listed(BLOCKS), june.on_disk()
        prepared = june.unit(lambda work: compaction.prepare(work=work))
        assert june.on_disk() == on_disk | {file.path for file in prepared.new}
        assert june.listed(BLOCKS) == listed
        assert june.said() == before
        with june.database.unit() as connection:
            june.lake.sweep(connection)
        assert june.on_disk() == on_disk
        assert june.compact() == ["2026-06"]
        assert june.said() == before

    def test_within_the_unit_changes_nothing(self, june: Books):
        prepared = june.unit(lambda work: compaction.prepare(work=work))
        before, listed = june.said(), june.listed(BLOCKS)

        def broken(work: Work) -> None:
            compaction.commit(work=work, prepared=prepared)
            raise RuntimeError

        with pytest.raises(RuntimeError):
            june.unit(broken)
        assert june.listed(BLOCKS) == listed
        assert june.compact() == ["2026-06"]
        assert june.said() == before

    @pytest.mark.parametrize("table", [BLOCKS, READINGS])
    def test_what_came_meanwhile_is_not_lost(self, june: Books, table: str):
        for number in range(10):
            june.add_readings(readings_of(JUNE[2], file=number + 1), day=JUNE[2], name=f"log-{number + 1}")
        june.seal(JUNE[2])
        part = "2026-06" if table == BLOCKS else JUNE[2].isoformat()
        prepared = june.unit(lambda work: work.readings.compact(table, part))
        june.add_blocks(blocks_of(JUNE[2], version=2, points=range(7, 8)), name="sealed-3")
        june.add_readings(readings_of(JUNE[2], file=40), day=JUNE[2], name="log-40")
        before = june.listed(table)
        with pytest.raises(Conflict, match="changed while"):
            june.unit(lambda work: compaction.commit(work=work, prepared=prepared))
        assert june.listed(table) == before

    def test_replaced_files_stay_for_a_day(self, june: Books):
        old = june.listed(BLOCKS)
        with june.database.unit() as connection:
            snapshot = lake_storage.latest_snapshot(connection)
        june.compact()
        with june.database.unit() as connection:
            assert june.lake.sweep(connection) == []
            june.lake.read(june.lake.files(connection, table=BLOCKS, snapshot=snapshot))
        june.now = NOW + compaction.KEEPS
        june.compact()
        assert set(old) <= june.on_disk()
        june.now += timedelta(seconds=1)
        june.compact()
        assert june.on_disk() == {*june.listed(BLOCKS), *june.listed(READINGS)}


class TestInsight:
    def test_compacts_what_it_was_told(self, books: Books):
        for day in JUNE:
            books.add_blocks(blocks_of(day), name="told-1")
        before = books.said()
        assert books.compact(told) == ["2026-06"]
        assert books.said() == before
        assert len(books.listed(BLOCKS)) == 1

    def test_of_a_day_so_far_the_fullest_stays_in_whatever_order_it_was_told(self, books: Books):
        today = date(2026, 7, 6)
        for hour in (*range(10), 11, 10):
            books.add_blocks(so_far(today, hour=hour), name=f"told-{hour}")
        assert books.unit(lambda work: work.readings.blocks_of_day(today)) == so_far(today, hour=11)
        assert books.compact(told) == ["2026-07-06"]
        assert books.unit(lambda work: work.readings.blocks_of_day(today)) == so_far(today, hour=11)
        assert books.compact(told) == []

    def test_of_two_days_so_far_as_full_as_one_another_the_last_stays(self, books: Books):
        today = date(2026, 7, 6)
        for seed in (1, 2):
            books.add_blocks(so_far(today, hour=12, seed=seed), name=f"told-{seed}")
        assert books.unit(lambda work: work.readings.blocks_of_day(today)) == so_far(today, hour=12, seed=2)


def so_far(day: date, *, hour: int, seed: int = 0) -> pa.Table:
    """Blocks of a day as they are at an hour: nothing is known of what comes."""
    blocks = blocks_of(day, version=0, seed=seed)
    values = [[value or 1 for value in row[:hour]] + [None] * (24 - hour) for row in blocks["values"].to_pylist()]
    place = BLOCK.get_field_index("values")
    return blocks.set_column(place, BLOCK.field(place), pa.array(values, BLOCK.field(place).type))
