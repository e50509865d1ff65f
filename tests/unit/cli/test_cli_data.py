"""decode, rate and import, as scripts call them."""

import csv
import gzip
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from metropool.capabilities.metering.imports.adapters.sql import imported_file
from metropool.core.identifiers import SystemId
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named, open_node

from .conftest import ROOT, command_line

VECTORS = ROOT / "tests/codecs/vectors"
EXAMPLES = ROOT / "tests/billing/data/billing_examples.json"
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
    assert cli("decode", "--protocol", "dlt645", "hello").err == "metropool: Not hexadecimal text\n"
    assert cli("decode", "--protocol", "modbus", "68").status == 1


def test_rate_works_the_examples_out_in_their_order(cli):
    examples = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    answers = cli("rate", EXAMPLES, "--json").json
    assert [{key: answer[key] for key in example} for answer, example in zip(answers, examples, strict=True)] == examples
    assert all(answer["lines"] for answer in answers if "tariff" in answer)


def test_rate_names_every_faulty_case(cli, tmp_path):
    file = tmp_path / "cases.json"
    file.write_text(
        json.dumps([{"tariff": "no_such"}, {"tariff": "guangzhou_residential_water", "m3": "much"}]), encoding="utf-8"
    )
    said = cli("rate", file, "--json")
    assert (said.status, said.out) == (1, "")
    assert "cases[0]" in said.err
    assert "cases[1]" in said.err


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

    def test_beside_a_demo_is_of_its_time_and_refuses_a_log_that_was_lost(self, tmp_path):
        (tmp_path / "demo.json").write_text(json.dumps({"clock_at": "2026-08-02T09:00:00+00:00"}), encoding="utf-8")
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
