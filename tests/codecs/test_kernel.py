"""The compiled path gives exactly the rows of the readable path, or leaves the frame to it."""

import csv
from pathlib import Path

import frame_builders as builders
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metropool.core.errors import Invalid
from metropool.devices.gdw1376 import kernel
from metropool.devices.gdw1376.batch import Scan, decode_frames, scan_frames
from metropool.devices.gdw1376.frame import decode_frame
from metropool.devices.gdw1376.rows import rows_of
from metropool.devices.rows import FREEZE_TIME, FREEZE_UNDATED, Row

VECTORS = Path(__file__).parent / "vectors" / "gdw1376.csv"


def compiled(raw: bytes) -> tuple[Scan, dict[int, list[Row]]]:
    buffer = np.frombuffer(raw, np.uint8)
    found = scan_frames(buffer)
    rows: dict[int, list[Row]] = {}
    for columns in decode_frames(buffer, found):
        for *values, frame in zip(*(column.tolist() for column in columns), strict=True):
            rows.setdefault(frame, []).append(Row(*values))
    return found, rows


def assert_same(frames: list[bytes]) -> Scan:
    found, rows = compiled(b"".join(frames))
    assert [(o, n) for o, n in zip(found.table.offset.tolist(), found.table.length.tolist(), strict=True)] == [
        (sum(map(len, frames[:i])), len(frame)) for i, frame in enumerate(frames)
    ]
    for index, frame in enumerate(frames):
        readable = rows_of(decode_frame(frame))
        if found.table.status[index] == kernel.DECODED:
            assert readable.left == []
            assert rows.get(index, []) == readable.rows
            assert found.table.unmapped[index] == readable.unmapped
        else:
            assert found.table.status[index] == kernel.OTHER
            assert index not in rows
    return found


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(builders.frames, min_size=1, max_size=4))
def test_generated_frames_give_the_rows_of_the_readable_path(frames: list[bytes]) -> None:
    found = assert_same(frames)
    assert (found.consumed, found.skipped) == (sum(map(len, frames)), 0)


@settings(max_examples=100, deadline=None)
@given(builders.history)
def test_history_with_good_labels_is_never_left(frame: bytes) -> None:
    found, _ = compiled(frame)
    readable = rows_of(decode_frame(frame))
    assert (found.table.status[0] == kernel.OTHER) == bool(readable.left)


def test_recorded_frames_give_the_rows_of_the_readable_path() -> None:
    with VECTORS.open(encoding="utf-8", newline="") as file:
        frames = [bytes.fromhex(row["hex"]) for row in csv.DictReader(file)]
    found = assert_same(frames)
    curves = found.table.afn.tolist().index(0x0D)
    assert kernel.DECODED in found.table.status[curves:]


def test_a_daily_freeze_is_of_the_end_of_its_label_day() -> None:
    frame = builders.gdw1376(
        builders.unit(fn=161) + bytes.fromhex("191125") + bytes.fromhex("0500201125") + b"\x00" + builders.bcd(12345600, 5),
        afn=0x0D,
    )
    _, rows = compiled(frame)
    assert rows[0] == [Row(device=1 << 60 | 0x1101 << 32 | 258 << 16, point=1, item=1, at=1763568000, value=12345600)]


def test_a_bad_checksum_is_noted_and_the_next_frame_is_found() -> None:
    good = builders.gdw1376(builders.unit(fn=161) + bytes(20), afn=0x0D)
    bad = good[:-2] + bytes([good[-2] ^ 1]) + good[-1:]
    found, _ = compiled(b"\x00\x68\x11" + bad + good + good[:9])
    assert found.table.status.tolist() == [kernel.CHECKSUM, kernel.OTHER]
    assert found.consumed == 3 + 2 * len(good)
    assert found.skipped == 3 + len(good)


def test_rows_come_in_portions_that_fit() -> None:
    frame = builders.gdw1376(builders.unit(fn=97) + bytes.fromhex("00001911250160") + builders.bcd(5, 4) * 96, afn=0x0D)
    buffer = np.frombuffer(frame * 300, np.uint8)
    found = scan_frames(buffer)
    sizes = [len(columns.item) for columns in decode_frames(buffer, found, capacity=kernel.ROWS_PER_FRAME_MAX + 96)]
    assert sum(sizes) == 300 * 96
    assert max(sizes) <= kernel.ROWS_PER_FRAME_MAX + 96
    assert len(sizes) > 1


def test_columns_too_small_for_a_frame_are_refused() -> None:
    found = scan_frames(np.zeros(0, np.uint8))
    try:
        list(decode_frames(np.zeros(0, np.uint8), found, capacity=10))
    except Invalid as refusal:
        assert "cannot hold" in refusal.what
    else:
        raise AssertionError("accepted")


def test_freezes_by_index_and_their_times_are_flagged_with_the_index() -> None:
    time = bytes.fromhex("0000201125")
    frames = [
        builders.forwarded(builders.dlt645(bytes.fromhex("01010605") + builders.bcd(700, 4), address=7)),
        builders.forwarded(builders.dlt645(bytes.fromhex("01000605") + time, address=7)),
        builders.forwarded(builders.dlt645(bytes.fromhex("02010605") + builders.bcd(600, 4), address=7)),
        builders.forwarded(builders.dlt645(bytes.fromhex("01010605") + builders.bcd(900, 4), address=8)),
    ]
    buffer = np.frombuffer(b"".join(frames), np.uint8)
    (columns,) = decode_frames(buffer, scan_frames(buffer))
    assert columns.value.tolist() == [70000, 1763568000, 60000, 90000]
    assert columns.at.tolist() == [0, 0, 0, 0]
    assert columns.point.tolist() == [1, 1, 2, 1]
    assert columns.flag.tolist() == [FREEZE_UNDATED, FREEZE_TIME, FREEZE_UNDATED, FREEZE_UNDATED]


def monthly(label: str, *, fn: int = 177) -> bytes:
    content = bytes.fromhex(label) + bytes.fromhex("0500010726") + b"\x01" + builders.bcd(12345600, 5) + builders.bcd(100, 5)
    return builders.gdw1376(builders.unit(fn=fn) + content, afn=0x0D)


def test_a_monthly_freeze_is_of_the_end_of_its_label_month_and_has_a_reading_type_of_its_own() -> None:
    found, rows = compiled(monthly("0626") + monthly("1225"))
    july, january = 1782835200, 1767196800
    assert [(row.item, row.at, row.value) for some in rows.values() for row in some] == [
        (21, july, 12345600),
        (21, january, 12345600),
    ]
    assert found.table.unmapped.tolist() == [1, 1]
    assert_same([monthly("0626"), monthly("1225")])


def test_a_month_that_is_none_and_monthly_registers_without_a_type_make_no_rows() -> None:
    found = assert_same([monthly("1326"), monthly("ee26"), monthly("0626", fn=179)])
    assert found.table.status.tolist() == [kernel.OTHER, kernel.OTHER, kernel.DECODED]
    assert compiled(monthly("0626", fn=179))[1] == {}
