"""The import operation: a file goes the way of live readings, once."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from msgspec.structs import replace

from metering.samples import sample
from metropool.capabilities.metering.imports.mapping.choose import choose_mapping
from metropool.capabilities.metering.imports.operations import import_file
from metropool.capabilities.metering.imports.ports import ChannelKeys, ImportRecord
from metropool.core.errors import Invalid
from metropool.facts.readings.schemas import MEASURED, Origin

WEEK = "homes/ca-ampds2/tri_utility_week_1min_2013-11-21_27.csv.gz"


@dataclass
class Records:
    rows: dict[str, ImportRecord] = field(default_factory=dict)

    def find(self, key):
        return self.rows.get(key)

    def add(self, record):
        assert record.key not in self.rows
        self.rows[record.key] = record


@dataclass
class Work:
    now: datetime = datetime(2026, 7, 1, tzinfo=UTC)
    imports: Records = field(default_factory=Records)
    log: dict[str, pa.Table] = field(default_factory=dict)
    placed: list[str] = field(default_factory=list)
    fails_after: int = 99

    def place_channels(self, channels):
        self.placed += [channel.name for channel in channels]
        kinds = np.array([channel.column.kind.id for channel in channels], np.int32)
        return ChannelKeys(
            device=np.full(len(channels), 900, np.uint64), point=np.arange(len(channels), dtype=np.uint16), item=kinds
        )

    def hand_over(self, *, rows, key):
        if len(self.log) >= self.fails_after:
            raise OSError("no broker")
        assert rows.schema == MEASURED
        self.log.setdefault(key, rows)


def handed_over(work):
    return pa.concat_tables(work.log.values())


def test_every_value_goes_to_the_log_with_its_channel():
    work = Work()
    done = import_file(work=work, path=sample(WEEK))
    rows = handed_over(work)
    assert done.is_new
    assert rows.num_rows == 8 * 10_080 == done.summary["readings"]
    assert set(rows["origin"].to_pylist()) == {Origin.IMPORT}
    assert len(work.placed) == 8
    water = rows.filter(pa.compute.equal(rows["point"], 6))
    assert water["at"][0].as_py() == int(datetime(2013, 11, 21, 8, tzinfo=UTC).timestamp())


def test_a_file_imported_twice_changes_nothing():
    work = Work()
    first = import_file(work=work, path=sample(WEEK))
    before = dict(work.log)
    again = import_file(work=work, path=sample(WEEK))
    assert (again.is_new, again.key, again.summary) == (False, first.key, first.summary)
    assert work.log == before
    assert len(work.placed) == 8


def test_another_mapping_is_another_import():
    work, path = Work(), sample(WEEK)
    one = import_file(work=work, path=path)
    other = import_file(work=work, path=path, mapping=replace(choose_mapping(path), about="corrected"))
    assert other.is_new
    assert one.key != other.key


def test_a_crash_half_way_is_made_good_by_repeating(monkeypatch):
    monkeypatch.setattr("metropool.capabilities.metering.imports.operations.ROWS_PER_BATCH", 30_000)
    work = Work(fails_after=1)
    with pytest.raises(OSError, match="no broker"):
        import_file(work=work, path=sample(WEEK))
    assert work.imports.rows == {}
    work.fails_after = 99
    import_file(work=work, path=sample(WEEK))
    assert handed_over(work).num_rows == 8 * 10_080
    assert len(work.log) == 3


def test_nothing_of_a_refused_file_is_handed_over(tmp_path):
    path = tmp_path / "week.csv.gz"
    path.write_bytes(sample(WEEK).read_bytes()[:-1000])
    work = Work()
    with pytest.raises(Invalid, match="breaks off after line"):
        import_file(work=work, path=path)
    assert (work.log, work.placed, work.imports.rows) == ({}, [], {})
