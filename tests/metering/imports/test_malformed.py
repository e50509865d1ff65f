"""Files that are not what they should be: every fault has a line, nothing is lost in silence, memory stays bounded."""

import gzip
import tracemalloc

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from metering.samples import flags, plain_mapping, summary_of, totals
from metropool.capabilities.metering.imports.doubts import ranges
from metropool.capabilities.metering.imports.mapping.choose import choose_mapping
from metropool.capabilities.metering.imports.mapping.loading import read_mapping, shipped_mappings
from metropool.capabilities.metering.imports.reading_file import read_file
from metropool.core.errors import Invalid

HEADER = "meter,at,value\n"
ROWS = [f"A,2026-05-01 {hour:02}:00,{hour}.125\n" for hour in range(24)]


@pytest.fixture(name="write")
def writer(tmp_path):
    def write(data: str | bytes, name: str = "file.csv"):
        path = tmp_path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    return write


def test_a_sound_file_reads_exactly(write):
    summary = summary_of(write(HEADER + "".join(ROWS)), plain_mapping())
    assert (summary["rows"], summary["flags"], summary["doubts"], totals(summary)) == (24, [], [], {"value": "23.0000"})


def test_text_in_a_number_cell_is_missing_and_told_with_its_line(write):
    rows = [*ROWS]
    rows[7] = "A,2026-05-01 07:00,seven\n"
    summary = summary_of(write(HEADER + "".join(rows)), plain_mapping())
    assert summary["doubts"] == [
        {"line": 9, "reason": "bad_number", "column": "value", "text": "seven", "done": "treated as missing"}
    ]
    assert [(flag["line"], flag["count"]) for flag in flags(summary, "blank")] == [(9, 1)]
    assert totals(summary) == {"value": "23.0000"}


@pytest.mark.parametrize("odd", ["1.234,5", "1,2,3", "12.5.1", "--4", "0x10", "1e999", "NaN", "9" * 30])
def test_mixed_decimals_and_other_odd_numbers_are_never_guessed(write, odd):
    rows = [*ROWS[:5], f'A,2026-05-01 05:00,"{odd}"\n', *ROWS[6:]]
    summary = summary_of(write(HEADER + "".join(rows)), plain_mapping())
    assert [(doubt["line"], doubt["text"]) for doubt in summary["doubts"]] == [(7, odd)]
    assert summary["readings"] == 23


def test_decimal_comma_and_thousands_points_are_read_where_the_mapping_says_so(write):
    mapping = read_mapping(
        """
name: german
about: made
delimiter: ";"
numbers: {decimal: ",", thousands: ".", blank: ["", "-"]}
time: {column: at, format: "%d.%m.%Y %H:%M"}
channels: [{column: value, reading_type: electricity_forward_register, unit: kWh, interval_s: 3600}]
""",
        where="test",
    )
    text = "at;value\n01.05.2026 00:00;1.234,5\n01.05.2026 01:00;-\n01.05.2026 02:00;1.236,75\n"
    summary = summary_of(write(text), mapping)
    assert (totals(summary)["value"], summary["doubts"]) == ("2.2500", [])
    assert [flag["line"] for flag in flags(summary, "blank")] == [3]


def test_a_bad_time_leaves_its_row_out_and_is_told(write):
    rows = [*ROWS[:3], "A,2026-13-01 03:00,3.125\n", *ROWS[4:]]
    summary = summary_of(write(HEADER + "".join(rows)), plain_mapping())
    assert [(doubt["line"], doubt["reason"], doubt["text"]) for doubt in summary["doubts"]] == [
        (5, "bad_time", "2026-13-01 03:00")
    ]
    assert [flag["count"] for flag in flags(summary, "gap")] == [1]


def test_rows_of_the_wrong_width_are_told_and_later_lines_keep_their_numbers(write):
    rows = [*ROWS[:3], "A,2026-05-01 03:00\n", "A,b,c,d\n", *ROWS[4:10], "A,2026-05-01 10:00,ten\n", *ROWS[11:]]
    summary = summary_of(write(HEADER + "".join(rows)), plain_mapping())
    assert [(doubt["line"], doubt["reason"]) for doubt in summary["doubts"]] == [
        (5, "bad_row"),
        (6, "bad_row"),
        (13, "bad_number"),
    ]
    assert summary["rows"] == 25


def test_unsorted_rows_give_the_same_total(write):
    shuffled = ROWS[12:] + ROWS[:12]
    summary = summary_of(write(HEADER + "".join(shuffled)), plain_mapping())
    assert totals(summary) == {"value": "23.0000"}
    assert [(flag["count"], flag["line"]) for flag in flags(summary, "out_of_order")] == [(12, 14)]


@pytest.mark.parametrize("which", ["first", "last"])
def test_of_two_values_for_one_time_the_mapping_says_which_is_used(write, which):
    mapping = replace(plain_mapping(), duplicates=which)
    summary = summary_of(write(HEADER + "".join(ROWS) + "A,2026-05-01 23:00,24.000\n"), mapping)
    assert [flag["line"] for flag in flags(summary, "conflict")] == [26 if which == "first" else 25]
    assert totals(summary) == {"value": "23.0000" if which == "first" else "23.8750"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (HEADER.encode(), "has a header but no rows"),
        (b"meter,at\nA,2026-05-01 00:00\n", "column 'value': is not in the file"),
        ((HEADER + "".join(ROWS[:6])).encode() + b"A\xff,2026-05-01 06:00,6\n", "line 8: not utf-8"),
        ((HEADER + "".join(ROWS)).encode("utf-16"), "not utf-8|is not in the file"),
        (gzip.compress((HEADER + "".join(ROWS * 50)).encode(), mtime=0)[:-20], "breaks off after line"),
        (gzip.compress((HEADER + "".join(ROWS)).encode(), mtime=0)[:12], "cannot be unpacked|breaks off"),
        (b"PAR1 and then nothing", "no complete Parquet file"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_as_a_whole(write, data, message):
    with pytest.raises(Invalid, match=message):
        read_file(write(data), plain_mapping() if not data.startswith(b"PAR1") else None)


def test_a_file_no_mapping_knows_names_its_columns(write):
    with pytest.raises(Invalid, match=r"no mapping fits .* Its columns: meter, at, value"):
        choose_mapping(write(HEADER + ROWS[0]))


def test_a_column_nobody_mapped_is_told(write):
    text = "meter,at,value,extra\n" + "".join(row.strip() + ",x\n" for row in ROWS)
    assert summary_of(write(text), plain_mapping())["columns_left_out"] == ["extra"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("unit: parsec", "no unit is called 'parsec'"),
        ("unit: kWh", "kWh is no unit of water_register"),
        ("unit: m3, colour: red", "colour"),
        ("unit: m3, reading_type: milk", "milk"),
    ],
)
def test_a_mapping_with_a_fault_says_which(change, message):
    kind = "" if "reading_type" in change else "reading_type: water_register, "
    text = f"name: a\nabout: b\ntime: {{column: at}}\nchannels: [{{column: v, {kind}{change}}}]\n"
    with pytest.raises(Invalid, match=message):
        read_mapping(text, where="mine.yaml")


@pytest.mark.parametrize("mapping", shipped_mappings(), ids=lambda mapping: mapping.name)
def test_a_file_of_each_kind_finds_its_own_mapping(mapping, tmp_path):
    names = [*mapping.header, *mapping.used, *(name for name in mapping.ignored if name != "*")]
    columns = list(dict.fromkeys(names))
    path = tmp_path / "file"
    if mapping.format == "parquet":
        pq.write_table(pa.table({name: [1] for name in columns}), path)
    else:
        written = ["" if name == "column 1" else name for name in sorted(columns, key=lambda name: name != "column 1")]
        path.write_text("about\n" * (mapping.header_line - 1) + mapping.delimiter.join(written) + "\n")
    assert choose_mapping(path) == mapping


def test_two_million_rows_stay_within_bounds(tmp_path):
    path = tmp_path / "big.csv.gz"
    block = "".join(
        f"M{i % 40},2026-{1 + i // 40 % 12:02}-{1 + i // 480 % 28:02} {i // 13440 % 24:02}:00,{i}\n" for i in range(20_000)
    )
    with gzip.open(path, "wt", compresslevel=1) as file:
        file.write(HEADER)
        for _ in range(100):
            file.write(block)
    held = pa.total_allocated_bytes()
    tracemalloc.start()
    file_read = read_file(path, plain_mapping())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert file_read.readings.num_rows == file_read.rows == 2_000_000
    assert file_read.readings["row"][-1].as_py() == 2_000_001
    assert peak < 300 << 20
    assert pa.total_allocated_bytes() - held < 200 << 20, "what is kept is a few dozen bytes a row"


def test_a_quotation_mark_left_open_costs_its_own_line_only(write):
    rows = [*ROWS[:3], '"A,2026-05-01 03:00,3.125\n', *ROWS[4:]]
    summary = summary_of(write(HEADER + "".join(rows)), plain_mapping())
    assert [(doubt["line"], doubt["reason"], doubt["done"]) for doubt in summary["doubts"]] == [
        (5, "bad_row", "row left out: a quotation mark is opened and not closed")
    ]
    assert (summary["rows"], summary["readings"], totals(summary)) == (24, 23, {"value": "23.0000"})


def test_blank_rows_and_rows_without_a_meter_make_no_channel(write):
    rows = [*ROWS[:3], "\n", ",2026-05-01 03:00,3.125\n", "A\0,2026-05-01 04:00,4.125\n", *ROWS[5:]]
    summary = summary_of(write(HEADER + "".join(rows)), plain_mapping())
    assert [(doubt["line"], doubt["reason"], doubt["text"]) for doubt in summary["doubts"]] == [
        (5, "blank_row", ""),
        (6, "bad_device", ""),
        (7, "bad_device", "A\\x00"),
    ]
    assert [row["channel"] for row in summary["channels"]] == ["A/value"]


def test_one_register_alone_has_no_total(write):
    summary = summary_of(write(HEADER + ROWS[0]), plain_mapping())
    assert [(row["readings"], row["total"]) for row in summary["channels"]] == [(1, None)]


@pytest.mark.parametrize("row", ["A,01.05.2026,1.5\n", "A,2026-05-01 00:00,1;5\n", "A\n"])
def test_a_file_of_which_no_row_can_be_read_is_refused_with_its_first_line(write, row):
    with pytest.raises(Invalid, match=r"none of the 3 rows .* line 2"):
        read_file(write(HEADER + row * 3), plain_mapping())


def test_a_file_of_blank_cells_is_no_file_of_nonsense(write):
    assert summary_of(write(HEADER + "A,2026-05-01 00:00,\n"), plain_mapping())["readings"] == 0


def test_many_decimals_are_a_number_all_the_same(write):
    rows = [*ROWS[:3], "A,2026-05-01 03:00,3.12500000000000044\n", "A,2026-05-01 04:00,4.1250000000000004e0\n", *ROWS[5:]]
    summary = summary_of(write(HEADER + "".join(rows)), plain_mapping())
    assert (summary["doubts"], summary["readings"], totals(summary)) == ([], 24, {"value": "23.0000"})


def test_a_file_that_breaks_off_says_after_which_line(write):
    packed = gzip.compress((HEADER + "".join(ROWS * 500)).encode())
    with pytest.raises(Invalid, match=r"breaks off after line 11\d\d\d:"):
        read_file(write(packed[:-30]), plain_mapping())


def test_a_zip_is_told_as_such(write):
    with pytest.raises(Invalid, match="unpack it"):
        choose_mapping(write(b"PK\x03\x04" + bytes(100)))


def test_columns_that_are_not_there_are_told_with_those_that_are(write):
    with pytest.raises(Invalid, match="its columns are: meter;at;value"):
        read_file(write(HEADER.replace(",", ";") + ROWS[0]), plain_mapping())


def test_a_file_without_header_is_read_by_the_places_of_its_columns(write):
    mapping = read_mapping(
        """
name: bare
about: made
delimiter: " "
header_line: 0
first_line: 1
time: {column: column 1, format: "%s"}
channels: [{column: column 2, name: water, reading_type: water_register, unit: L}]
""",
        where="test",
    )
    path = write("1596503593 10.0\n1596507193 12.5\n")
    summary = summary_of(path, mapping)
    assert (summary["rows"], totals(summary), summary["columns_left_out"]) == (2, {"water": "0.003"}, [])
    with pytest.raises(Invalid, match="no column names"):
        choose_mapping(path)


def test_of_the_repeated_hour_only_what_is_written_twice_is_called_repeated(write):
    mapping = replace(plain_mapping(), time=replace(plain_mapping().time, zone="Europe/Madrid"))
    times = ["01:23", "02:23", "02:23", "02:40", "03:23"]
    rows = "".join(f"A,2025-10-26 {at},{number}.5\n" for number, at in enumerate(times))
    summary = summary_of(write(HEADER + rows), mapping)
    assert [(flag["class"], flag["line"], flag["from"]) for flag in summary["flags"] if flag["line"]] == [
        ("repeated_time", 4, "2025-10-26T01:23:00Z"),
        ("second_pass", 5, "2025-10-26T01:40:00Z"),
    ]


def test_thousands_of_bad_cells_are_told_together_with_every_line(write, monkeypatch):
    monkeypatch.setattr("metropool.capabilities.metering.imports.doubts.LISTED", 3)
    monkeypatch.setattr("metropool.capabilities.metering.imports.summary.LISTED", 3)
    rows = [row if hour % 3 else f"A,2026-05-01 {hour:02}:00,x{hour}\n" for hour, row in enumerate(ROWS)]
    summary = summary_of(write(HEADER + "".join(rows)), plain_mapping())
    assert [doubt["line"] for doubt in summary["doubts"]] == [2, 5, 8, 11]
    assert summary["doubts"][3] == {
        "line": 11,
        "reason": "bad_number",
        "column": "value",
        "text": "x9",
        "done": "treated as missing",
        "count": 5,
        "lines": "11,14,17,20,23",
    }
    [blank] = flags(summary, "blank")
    assert (blank["count"], blank["line"], blank["lines"]) == (7, 5, "5,8,11,14,17,20,23")
    assert summary["counts"]["blank"] == {"findings": 7, "readings": 7}


def test_neighbouring_lines_are_told_as_a_range():
    assert ranges(np.array([3, 5, 7, 8, 9, 12])) == "3,5,7-9,12"


@pytest.mark.parametrize("value", [[1.0], {"a": 1}])
def test_a_parquet_column_of_lists_or_records_is_refused(tmp_path, value):
    pq.write_table(pa.table({"meter": ["A"], "at": ["2026-05-01 00:00"], "value": [value]}), tmp_path / "file.parquet")
    with pytest.raises(Invalid, match=r"column 'value': holds (list|struct).*not values"):
        read_file(tmp_path / "file.parquet", replace(plain_mapping(), format="parquet"))


def test_a_parquet_number_no_register_can_have_is_told_and_not_cut_short(tmp_path):
    values = pa.array([2**63, 1, 2**53 + 1, 4], pa.uint64())
    times = [f"2026-05-01 {hour:02}:00" for hour in range(4)]
    pq.write_table(pa.table({"meter": ["A"] * 4, "at": times, "value": values}), tmp_path / "file.parquet")
    summary = summary_of(tmp_path / "file.parquet", replace(plain_mapping(), format="parquet"))
    assert [(doubt["line"], doubt["reason"]) for doubt in summary["doubts"]] == [(1, "bad_number"), (3, "bad_number")]
    assert summary["readings"] == 2


@pytest.mark.parametrize("zone", ["UTC", "Europe/Madrid"])
def test_times_of_other_centuries_are_told_and_hold_nothing_up(write, zone):
    mapping = replace(plain_mapping(), time=replace(plain_mapping().time, zone=zone))
    odd = ["A,9999-12-31 00:00,5\n", "A,0001-01-01 00:00,5\n", "A,1970-01-01 00:00,5\n", "A,2099-01-01 00:00,5\n"]
    summary = summary_of(write(HEADER + "".join(ROWS + odd)), mapping)
    assert [(doubt["line"], doubt["reason"]) for doubt in summary["doubts"]] == [(26, "bad_time"), (27, "bad_time")]
    assert sorted(flag["class"] for flag in summary["flags"]) == ["future_time", "unset_clock"]
    assert totals(summary) == {"value": "23.0000"}


def test_unix_seconds_need_no_zone(write):
    mapping = replace(plain_mapping(), time=replace(plain_mapping().time, format="%s", zone="Europe/Madrid"))
    [row] = summary_of(write(HEADER + "A,1700000000,1\nA,1700003600,2\n"), mapping)["channels"]
    assert (row["first_at"], row["total"]) == ("2023-11-14T22:13:20Z", "1.0000")


@pytest.mark.parametrize("text", ["999999999999999", "-999999999999999", "1e15", "9e99", "922337203685478", "100000000001"])
def test_a_number_beyond_any_register_is_no_other_number_and_no_zero(write, text):
    rows = [*ROWS[:5], f"A,2026-05-01 05:00,{text}\n", *ROWS[6:]]
    summary = summary_of(write(HEADER + "".join(rows)), plain_mapping())
    assert [(doubt["line"], doubt["reason"], doubt["text"]) for doubt in summary["doubts"]] == [(7, "bad_number", text)]
    assert (summary["readings"], totals(summary)) == (23, {"value": "23.0000"})
