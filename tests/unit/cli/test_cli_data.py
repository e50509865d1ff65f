"""decode, rate and import, as scripts call them."""

import csv
import gzip
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlalchemy import select

from metropool.capabilities.metering.imports.adapters.sql import imported_file
from metropool.core.identifiers import SystemId
from metropool.runtime import importing
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named, open_node

from .conftest import ROOT, command_line

VECTORS = ROOT / "tests/codecs/vectors"
EXAMPLES = ROOT / "tests/billing/data/billing_examples.json"
WATER = "guangzhou_residential_water"
WEEK = ROOT / "tests/metering/data/tri_utility_week_1min_2013-11-21_27.csv.gz"
READING = "681290785634126891083333343356343333F116"


def first_frame(protocol: str, *, refused: bool) -> dict[str, str]:
    with (VECTORS / f"{protocol}.csv").open(encoding="utf-8") as file:
        return next(row for row in csv.DictReader(file) if ("error" in json.loads(row["expected"])) is refused)


@pytest.mark.parametrize("protocol", ["dlt645", "cjt188", "gdw1376"])
class TestDecode:
    def test_explains_a_frame_with_the_keys_of_the_vectors(self, cli, protocol):
        row = first_frame(protocol, refused=False)
        said = cli("decode", "--protocol", protocol, row["hex"], "--json")
        expected = json.loads(row["expected"])
        assert said.status == 0
        assert {key: said.json[key] for key in expected} == expected

    def test_explains_a_frame_to_people_in_their_language(self, cli, protocol):
        frame = first_frame(protocol, refused=False)["hex"]
        spaced = " ".join(frame[i : i + 2] for i in range(0, len(frame), 2))
        english = cli("decode", "--protocol", protocol, spaced)
        chinese = cli("--lang", "zh", "decode", "--protocol", protocol, spaced)
        assert (english.status, chinese.status) == (0, 0)
        assert "checksum" in english.out
        assert "校验" in chinese.out

    def test_gives_the_reason_for_a_frame_whose_checksum_is_wrong(self, cli, protocol):
        frame = bytearray.fromhex(first_frame(protocol, refused=False)["hex"])
        frame[-2] ^= 1
        said = cli("decode", "--protocol", protocol, frame.hex(), "--json")
        assert said.status == 1
        assert said.json["error"] == "checksum"
        assert said.err == "metropool: Wrong checksum\n"


def test_what_is_no_frame_at_all_is_refused(cli):
    assert cli("decode", "--protocol", "DLT645", "hello").err == "metropool: Not hexadecimal text\n"
    assert cli("decode", "--protocol", "modbus", "68").status == 1


def test_rate_works_the_examples_out_in_their_order(cli):
    examples = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    answers = cli("rate", EXAMPLES, "--json").json
    assert [{key: answer[key] for key in example} for answer, example in zip(answers, examples, strict=True)] == examples
    assert all(answer["lines"] for answer in answers if "tariff" in answer)


def test_rate_names_every_faulty_case(cli, tmp_path):
    file = tmp_path / "cases.json"
    file.write_text(
        json.dumps([{"tariff": "no_such"}, {"tariff": WATER, "m3": "20"}, {"tariff": WATER, "m3": "much"}]), encoding="utf-8"
    )
    said = cli("rate", file, "--json")
    assert said.status == 1
    assert said.err.startswith("metropool: 2 of 3 cases cannot be rated\n  cases[0].tariff: ")
    assert "  cases[2].m3: 'much' is no number a bill can have: write \"12.5\" or 12.5\n" in said.err
    assert [case.get("total_cny") for case in json.loads(said.out)] == [None, "58.60", None]
    told = cli("rate", file, lang="zh")
    assert told.out.splitlines() == ["no_such: 无法计算", f"{WATER}: ¥ 58.60", f"{WATER}: 无法计算"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "is no JSON"),
        (b"{}", "the cases are no list"),
        (b"[" * 100_000, "nested too deeply"),
        (b'[{"tariff": "a", "kwh": NaN}]', "NaN is no number"),
        (b'[{"m3": "1", "m3": "2"}]', "'m3' is said twice"),
        (b'[{"tariff": "\xe9"}]', "is no JSON"),
    ],
)
def test_rate_refuses_what_is_no_list_of_cases_in_json_too(cli, tmp_path, text, why):
    file = tmp_path / "cases.json"
    file.write_bytes(text)
    said = cli("rate", file, "--json")
    assert said.status == 1
    assert why in said.err
    assert why in json.loads(said.out)["error"]


def test_rate_takes_a_byte_order_mark_and_no_folder(cli, tmp_path):
    file = tmp_path / "cases.json"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps([{"tariff": WATER, "m3": 20}]).encode())
    assert cli("rate", file, "--json").json[0]["total_cny"] == "58.60"
    assert cli("rate", tmp_path).err == f"metropool: there is no file {tmp_path}\n"


def test_import_tells_a_fault_of_a_mapping_with_line_and_remedy(cli, tmp_path):
    mapping, file = tmp_path / "mine.yaml", tmp_path / "file.csv"
    mapping.write_text(
        "name: mine\nabout: x\ntime: {column: at, format: '%s'}\n"
        "channels:\n  - {column: v, reading_type: water_register, unit: gallon}\n",
        encoding="utf-8",
    )
    file.write_text("at,v\n1,2\n", encoding="utf-8")
    said = cli("import", file, "--mapping", mapping, "--json")
    assert said.status == 1
    [fault] = json.loads(said.out)["faults"]
    assert fault["where"] == f"{mapping}:5"
    assert said.err.splitlines()[-1] == f"  {mapping}:5: {fault['what']}: {fault['remedy']}"


def test_import_shows_what_a_file_says_as_text(cli, tmp_path):
    mapping, file = tmp_path / "mine.yaml", tmp_path / "file.csv"
    mapping.write_text(
        "name: mine\nabout: x\ntime: {column: at, format: '%s'}\n"
        "channels:\n  - {column: v, reading_type: water_register, unit: m3}\n",
        encoding="utf-8",
    )
    file.write_text("at,v\n1577836800,1\n1577840400,[/x]\n", encoding="utf-8")
    said = cli("import", file, "--mapping", mapping)
    assert said.status == 0
    assert "[/x]" in said.out and "Traceback" not in said.err


@pytest.mark.parametrize(("language", "words"), [("en", "city's zone, Asia/Shanghai"), ("zh", "城市所在时区 Asia/Shanghai")])
def test_import_shows_times_of_the_citys_zone_and_says_so(cli, tmp_path, language, words):
    mapping, file = tmp_path / "mine.yaml", tmp_path / "file.csv"
    mapping.write_text(
        "name: mine\nabout: x\ntime: {column: at, format: '%s'}\n"
        "channels:\n  - {column: v, reading_type: water_register, unit: m3}\n",
        encoding="utf-8",
    )
    file.write_text("at,v\n1577836800,1\n1577840405,2\n", encoding="utf-8")  # 2020-01-01T00:00:00Z, 01:00:05Z
    said = cli("import", file, "--mapping", mapping, "--lang", language)
    assert said.status == 0, said.err
    assert "2020-01-01 08:00 " in said.out and "2020-01-01 09:00:05" in said.out
    assert words in said.out


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """A real week imported twice by a broker of its own, and the size of the lake after each."""
    home = tmp_path_factory.mktemp("import")
    cli = command_line(home)
    reports = []
    for _ in range(2):
        said = cli("import", WEEK, "--json")
        assert said.status == 0, said.err
        lake = sorted((str(path), path.stat().st_size) for path in (home / "metering/lake").rglob("*.parquet"))
        assert "never retrieved" not in said.err
        reports.append((said.json, lake))
    return reports


def imported_at(home: Path) -> list[datetime]:
    settings = Settings(home=home)
    node = open_node(SystemId("metering"), compiled=compile_named("transition"), settings=settings)
    try:
        with node.database.snapshot() as connection:
            return [datetime.fromisoformat(text) for text in connection.execute(select(imported_file.c.imported_at)).scalars()]
    finally:
        node.close()


def readings_in_lake(home: Path) -> int:
    files = (home / "metering/lake").rglob("*.parquet")
    return sum(pq.read_metadata(path).num_rows for path in files if "readings" in str(path))


class TestImport:
    def test_counts_a_real_week_exactly(self, twice):
        report = twice[0][0]
        totals = {row["channel"]: (row["total"], row["unit"]) for row in report["channels"]}
        assert report["outcome"] == "imported"
        assert totals["AMPDS2/elec_main_w"] == ("206.999", "kWh")
        assert totals["AMPDS2/water_counter_l"] == ("5.370", "m3")
        assert totals["AMPDS2/gas_furnace_counter_dm3"] == ("18.632", "m3")

    def test_brings_every_value_into_the_lake(self, twice):
        assert twice[0][0]["readings"] == 80_640
        assert twice[0][1] != []

    def test_changes_nothing_the_second_time(self, twice):
        (first, lake), (second, lake_after) = twice
        assert second == {**first, "outcome": "already_imported"}
        assert lake_after == lake

    def test_takes_in_what_an_import_left_in_the_log_when_it_was_killed(self, tmp_path, monkeypatch):
        async def die(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        cli = command_line(tmp_path)
        monkeypatch.setenv("METROPOOL_HOME", str(tmp_path))
        with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
            killed.setattr(importing, "_taken_in", die)
            importing.run_import(WEEK, mapping="", language="en")
        assert cli("import", WEEK, "--json").json["outcome"] == "already_imported"
        assert readings_in_lake(tmp_path) == 80_640

    def test_beside_a_demo_is_of_its_time_and_refuses_a_log_that_was_lost(self, tmp_path):
        note = {"seed": 7, "homes": 1, "clock_at": "2026-08-02T09:00:00+00:00", "stages": []}
        (tmp_path / "demo.json").write_text(json.dumps(note), encoding="utf-8")
        cli = command_line(tmp_path)
        assert cli("import", WEEK).status == 0
        (at,) = imported_at(tmp_path)
        assert timedelta(0) <= at - datetime(2026, 8, 2, 9, tzinfo=UTC) < timedelta(minutes=2)
        shutil.rmtree(tmp_path / "broker")
        other = tmp_path / "other.csv"
        other.write_text(gzip.decompress(WEEK.read_bytes()).decode("utf-8").rsplit("\n", 2)[0] + "\n", encoding="utf-8")
        said = cli("import", other)
        assert said.status == 1
        assert "the log log_metering was made anew at" in said.err
        assert "Traceback" not in said.err
