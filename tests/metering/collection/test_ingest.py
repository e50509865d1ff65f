"""From log batches to the lake: exactly once, nothing silent."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from metropool.capabilities.metering.collection import ingest
from metropool.capabilities.metering.collection.index import ChannelIndex, index_of
from metropool.capabilities.metering.collection.model import OFFSET_S, Schedule, day_number, day_start_s, day_text
from metropool.capabilities.metering.collection.schedules import standard_schedules
from metropool.core.errors import Conflict
from metropool.core.periods import BUSINESS_ZONE, day_period
from metropool.facts.readings.schemas import MEASURED, READING

DAY = day_number(date(2026, 6, 30))
MIDNIGHT = day_start_s(DAY + 1)
FREEZE, PROFILE, WATER = 1, 10, 30
TERMINALS = (1 << 60 | 0x1101 << 32 | 1 << 16, 1 << 60 | 0x1101 << 32 | 2 << 16)


def city(meters: int = 20) -> ChannelIndex:
    """Meters on two terminals, freeze and profile channels of each, channel numbers shuffled."""
    address = np.array([TERMINALS[i % 2] for i in range(meters) for _ in (0, 1)], np.int64)
    point = np.array([i // 2 + 1 for i in range(meters) for _ in (0, 1)], np.int32)
    item = np.array([kind for _ in range(meters) for kind in (FREEZE, PROFILE)], np.int32)
    channel = np.random.default_rng(3).permutation(meters * 2).astype(np.int32) + 1
    order = np.lexsort((item, point, address))
    channels = pa.table({"channel": channel[order], "address": address[order], "point": point[order], "item": item[order]})
    links = pa.table({"address": list(TERMINALS), "terminal": list(TERMINALS), "device": ["T1", "T2"]})
    return index_of(channels, terminal_of_address=links, installed=channels["channel"])


def batch(rows: list[tuple[int, int, int, int, int]], *, received_s: int = MIDNIGHT + 600, origin: int = 2) -> bytes:
    """Rows (device, point, item, at, value) as the front end writes them to the log."""
    device, point, item, at, value = zip(*rows, strict=True)
    columns = [device, point, item, at, value, [0] * len(rows), [origin] * len(rows), [received_s * 1000] * len(rows)]
    table = pa.table([pa.array(column, field.type) for column, field in zip(columns, MEASURED, strict=True)], schema=MEASURED)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, MEASURED) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def freezes(*points: int, value: int = 10_000, at: int = MIDNIGHT) -> list[tuple[int, int, int, int, int]]:
    return [(TERMINALS[0], point, FREEZE, at, value + point) for point in points]


def schedules() -> dict[int, Schedule]:
    return {row.item: row for row in standard_schedules(first_day=DAY, now_s=MIDNIGHT - 3600)}


def apply(head_end, index, batches):
    prepared = ingest.prepare(batches, index=index, schedules=schedules())
    files = ingest.write(prepared, lake=head_end.lake)
    head_end.unit(lambda work: ingest.commit(work=work, prepared=prepared, files=files, stream="readings"))
    return prepared


def stored(head_end) -> pa.Table:
    def read(work):
        return head_end.lake.read(head_end.lake.files(work.context.connection, table="readings"))

    return head_end.unit(read)


def test_the_business_day_is_that_of_the_business_zone():
    period = day_period(date(2026, 6, 30), BUSINESS_ZONE)
    assert day_start_s(DAY) == int(period.start.timestamp())
    assert BUSINESS_ZONE.utcoffset(period.start.replace(tzinfo=None)).total_seconds() == OFFSET_S


def test_rows_are_resolved_sorted_and_cut_by_the_day_they_close():
    index = city()
    profile = [(TERMINALS[1], 3, PROFILE, MIDNIGHT + 900 * k, 5_000 + k) for k in (2, 1, 0)]
    prepared = ingest.prepare([(1, batch(profile + freezes(2, 1)))], index=index, schedules={})
    assert set(prepared.parts) == {"2026-06-30", "2026-07-01"}
    closed, opened = prepared.parts["2026-06-30"], prepared.parts["2026-07-01"]
    assert closed.schema == READING
    assert sorted(closed["value"].to_pylist()) == [5_000, 10_001, 10_002]
    assert opened["at"].to_pylist() == [MIDNIGHT + 900, MIDNIGHT + 1800]
    assert closed["channel"].to_pylist() == sorted(closed["channel"].to_pylist())


def test_resolving_agrees_with_a_lookup_one_by_one():
    index = city(200)
    random = np.random.default_rng(7)
    wanted = {(int(index.address_of[c]), int(index.point_of[c]), int(index.item_of[c])): c for c in range(1, index.highest + 1)}
    keys = list(wanted)
    picks = [keys[i] if i < len(keys) else (TERMINALS[0], 60_000, FREEZE) for i in random.integers(0, len(keys) + 40, 5_000)]
    device, point, item = (np.array(column, np.int64) for column in zip(*picks, strict=True))
    found = index.resolve(device=device, point=point, item=item)
    assert found.tolist() == [wanted.get(key, -1) for key in picks]


def test_a_repeat_of_the_log_has_no_effect(head_end):
    index = city()
    head_end.unit(lambda work: work.sheets.plan(schedule=schedules()[FREEZE], day=DAY, channels=planned(index), fingerprint="1"))
    first = [(1, batch(freezes(1, 2))), (2, batch(freezes(3)))]
    apply(head_end, index, first)
    before = stored(head_end)
    with pytest.raises(Conflict):
        apply(head_end, index, first)
    assert stored(head_end) == before


def test_files_of_a_log_made_anew_leave_those_of_the_one_before_alone(head_end):
    index = city(4)
    first, again = (ingest.prepare([(1, batch(freezes(1, value=value)))], index=index, schedules=schedules()) for value in (1, 2))
    before, after = ingest.write(first, lake=head_end.lake), ingest.write(again, lake=head_end.lake, epoch=1)
    assert not {file.path for file in before} & {file.path for file in after}


def planned(index: ChannelIndex) -> np.ndarray:
    return np.flatnonzero(index.item_of == FREEZE)


def test_marks_come_true_only_with_the_readings(head_end):
    index = city()
    head_end.unit(lambda work: work.sheets.plan(schedule=schedules()[FREEZE], day=DAY, channels=planned(index), fingerprint="1"))
    prepared = ingest.prepare([(1, batch(freezes(1, 2, 3)))], index=index, schedules=schedules())
    files = ingest.write(prepared, lake=head_end.lake)

    def breaks_off(work):
        ingest.commit(work=work, prepared=prepared, files=files, stream="readings")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        head_end.unit(breaks_off)
    assert rate(head_end) == (20, 0)
    head_end.unit(lambda work: ingest.commit(work=work, prepared=prepared, files=files, stream="readings"))
    assert rate(head_end) == (20, 3)
    assert stored(head_end).num_rows == 3


def rate(head_end) -> tuple[int, int]:
    ((_, _, found),) = head_end.unit(lambda work: work.sheets.rates(first_day=DAY, last_day=DAY, item=FREEZE))
    return found.planned, found.collected


def test_what_was_pushed_before_the_day_was_planned_counts_once(head_end):
    index = city()
    apply(head_end, index, [(1, batch(freezes(1, 2)))])
    head_end.unit(lambda work: work.sheets.plan(schedule=schedules()[FREEZE], day=DAY, channels=planned(index), fingerprint="1"))
    apply(head_end, index, [(2, batch(freezes(2, 3)))])
    assert rate(head_end) == (20, 3)


def test_values_of_unknown_devices_are_kept_and_counted(head_end):
    index = city()
    strange = [(3 << 60 | 77, 0, WATER, MIDNIGHT + 60, 5)] * 3 + [(TERMINALS[0], 999, FREEZE, MIDNIGHT, 6)]
    apply(head_end, index, [(1, batch(strange + freezes(1)))])
    apply(head_end, index, [(2, batch(strange[:1]))])
    counted = head_end.unit(lambda work: work.collection.unknown())
    assert [(row["point"], row["item"], row["rows"]) for row in counted] == [(0, WATER, 4), (999, FREEZE, 1)]
    files = head_end.unit(lambda work: head_end.lake.files(work.context.connection, table="unknown_readings"))
    assert sum(file.rows for file in files) == 5


def test_a_clock_of_1970_or_2099_makes_no_days_of_its_own_and_no_newest_reading(head_end):
    index = city()
    wild = freezes(1, at=86_400) + freezes(2, at=4_100_000_000) + freezes(3)
    prepared = apply(head_end, index, [(1, batch(wild))])
    assert set(prepared.parts) <= {"2026-06-30", "2026-07-01"}
    channels = np.sort(planned(index))
    newest = head_end.unit(lambda work: work.sheets.newest(channels=channels))
    assert MIDNIGHT in newest["at"].to_pylist()
    assert 4_100_000_000 not in newest["at"].to_pylist()


def test_imported_readings_lie_under_their_own_day():
    prepared = ingest.prepare([(1, batch(freezes(1, at=1_333_000_000), origin=4))], index=city(), schedules={})
    assert list(prepared.parts) == [day_text((1_333_000_000 - 1 + OFFSET_S) // 86_400)]


def test_the_newest_reading_of_a_channel_does_not_go_back(head_end):
    index = city()
    apply(head_end, index, [(1, batch(freezes(1, value=100) + freezes(1, value=50, at=MIDNIGHT - 86_400)))])
    apply(head_end, index, [(2, batch(freezes(1, value=70, at=MIDNIGHT - 3600)))])
    newest = head_end.unit(lambda work: work.sheets.newest(channels=np.sort(planned(index))))
    assert newest.select(["at", "value"]).to_pylist() == [{"at": MIDNIGHT, "value": 101}]
