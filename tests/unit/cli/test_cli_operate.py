"""plan, bill, doctor and bench, as operators call them."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from pypdf import PdfReader
from sqlalchemy import insert

from metropool.capabilities.settlement.operations import issue_combined_bills, note_bills
from metropool.exchange.batches import inbox_batch
from metropool.exchange.messages import ROWS, BillsIssued
from metropool.runtime.enrol import enrol_platform, read_city
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named, open_node

from .conftest import ROOT, Cli, command_line

NOW = "2026-07-05T09:00+08:00@1"
UNITS = {"electricity": "kWh", "water": "m3", "gas": "m3"}


class TestPlan:
    def test_the_running_plan_is_sound(self, cli):
        said = cli("plan", "check", "--json")
        assert said.status == 0
        assert (said.json["plan"], said.json["sound"], said.json["faults"]) == ("transition", True, [])

    def test_a_faulty_plan_is_told_by_line_with_status_1(self, cli, tmp_path):
        plan = (ROOT / "plans/transition.yaml").read_text(encoding="utf-8")
        broken = tmp_path / "broken.yaml"
        broken.write_text(plan.replace("rows: ['2.1', 2.3a,", "rows: ['2.1', no.such,"), encoding="utf-8")
        said = cli("plan", "check", broken, "--json")
        line = plan[: plan.index("rows: ['2.1'")].count("\n") + 1
        assert said.status == 1
        assert ("unknown_row", line) in [(fault["kind"], fault["line"]) for fault in said.json["faults"]]

    def test_a_plan_is_drawn_in_the_language_that_was_asked_for(self, cli, tmp_path):
        for language, name in (("zh", "过渡方案"), ("en", "Transition plan")):
            said = cli("--lang", language, "plan", "draw", "-o", tmp_path / "plan.svg")
            drawn = (tmp_path / "plan.svg").read_text(encoding="utf-8")
            assert said.status == 0
            assert drawn.startswith("<svg")
            assert name in drawn

    def test_plans_are_set_side_by_side(self, cli):
        told = cli("plan", "compare", "one:indirect", "two", "--json").json
        assert [(sheet["plan"], sheet["variant"]) for sheet in told] == [("one", "indirect"), ("two", None)]
        assert "third_party" in told[1]["whole"]["sees_personal_data"]
        said = cli("--lang", "zh", "plan", "compare", "two")
        assert said.status == 0
        assert "谁能看到个人信息" in said.out

    @pytest.mark.parametrize("command", [("plan", "check", "one:sideways"), ("demo", "--plan", "one:sideways")])
    def test_a_variant_that_is_not_there_is_refused_with_those_that_are(self, cli, command):
        said = cli(*command)
        assert said.status == 1
        assert "one:direct, one:indirect" in said.err


@pytest.fixture(scope="module")
def clearing(tmp_path_factory) -> Cli:
    """The command line of a home where clearing issued one month's bill to each of two homes."""
    home = tmp_path_factory.mktemp("clearing")
    city_file = home / "city.json"
    made = [sys.executable, "-m", "cityinabox.cli", "city", "--seed", "7", "--homes", "2", "-o", str(city_file)]
    subprocess.run(made, check=True, env={"PYTHONPATH": str(ROOT / "src")})
    city = read_city(city_file)
    settings = Settings(home=home, clock=NOW)
    node = open_node("smart_use_platform", compiled=compile_named("transition"), settings=settings)

    def issue(work):
        enrol_platform(work.registry, city, billers={"grid", "water", "gas"})
        for message in bills_of(city):
            note_bills(work=work, message=message)
        issue_combined_bills(work=work)

    node.write_now("settlement", issue)
    node.close()
    run = command_line(home)
    return lambda *arguments: run(*arguments, clock=NOW)


def bills_of(city) -> list[BillsIssued]:
    """June's bills of each company: electricity 1.00, water 2.00, gas 3.00 yuan a home."""
    services = {row["id"]: row["service"] for row in city["usage_points"]}
    homes = [row for row in city["agreements"] if row["combined_account"]]
    return [
        BillsIssued(
            service=service,
            company=company,
            rows=pa.Table.from_pylist(
                [bill_row(row, service, fen) for row in homes if services[row["usage_point"]] == service],
                schema=ROWS[BillsIssued],
            ),
        )
        for service, company, fen in (("electricity", "grid", 100), ("water", "water", 200), ("gas", "gas", 300))
    ]


def bill_row(agreement, service: str, fen: int) -> dict[str, object]:
    quantity = str(fen // 100)
    names = ("account_number", "combined_account", "usage_point")
    return {
        **{name: agreement[name] for name in names},
        "service": service,
        "bill_number": f"{service}-{agreement['account_number']}",
        "meter_number": "000000000001",
        "period_start": date(2026, 6, 1),
        "period_end": date(2026, 7, 1),
        "register_start": "10.00",
        "register_end": str(10 + fen // 100),
        "multiplier": "1",
        "quantity": quantity,
        "unit": UNITS[service],
        "is_estimated": False,
        "lines": json.dumps([["tier 1", quantity, "1.00", f"{quantity}.00"]]),
        "amount_fen": fen,
        "due_date": date(2026, 7, 15),
        "version": 1,
        "tariff": agreement["tariff"],
    }


class TestBill:
    def test_lists_every_combined_bill(self, clearing):
        rows = clearing("bill", "--json").json
        assert sorted(row["number"] for row in rows) == ["CB202606-000001", "CB202606-000002"]
        assert {(row["month"], row["total_fen"], row["paid_fen"], row["state"]) for row in rows} == {("2026-06", 600, 0, "open")}

    def test_lists_for_people_too(self, clearing):
        said = clearing("--lang", "zh", "bill")
        assert said.status == 0
        assert "CB202606-000001" in said.out
        assert "¥ 6.00" in said.out
        assert "待缴" in said.out

    def test_finds_by_account_and_period(self, clearing):
        account = clearing("bill", "--number", "CB202606-000002", "--json").json[0]["account"]
        [row] = clearing("bill", "--account", account, "--period", "2026-06", "--json").json
        assert row["number"] == "CB202606-000002"
        assert clearing("bill", "--account", account, "--period", "2026-05").status == 1

    def test_writes_the_document_of_the_one_that_was_named(self, clearing, tmp_path):
        said = clearing("bill", "--number", "CB202606-000001", "--pdf", tmp_path / "bill.pdf")
        text = "".join(page.extract_text() for page in PdfReader(tmp_path / "bill.pdf").pages)
        assert said.status == 0
        assert "CB202606-000001" in text
        assert "6.00" in text

    def test_asks_which_one_when_many_match(self, clearing, tmp_path):
        said = clearing("bill", "--pdf", tmp_path / "bill.pdf")
        assert said.status == 1
        assert "--number" in said.err
        assert not (tmp_path / "bill.pdf").exists()

    def test_looking_makes_no_books(self, cli, tmp_path):
        assert cli("bill").status == 1
        assert not (tmp_path / "home").exists()


def checks(said) -> dict[str, dict[str, str]]:
    return {row["check"]: row for row in said.json}


class TestDoctor:
    def test_finds_what_this_machine_has(self, cli):
        found = checks(cli("doctor", "--json"))
        assert {found[name]["state"] for name in ("python", "packages", "broker", "fonts", "home", "clock", "plan")} == {"ok"}
        assert found["plan"]["detail"].startswith("transition: metering")

    def test_says_what_is_wrong_and_what_to_do_and_ends_with_1(self, cli, tmp_path):
        plan = tmp_path / "no_plan.yaml"
        plan.write_text("plan: transition\n", encoding="utf-8")
        said = cli("doctor", "--json", plan=str(plan), clock="yesterday")
        found = checks(said)
        assert said.status == 1
        assert (found["plan"]["state"], found["clock"]["state"], found["python"]["state"]) == ("failed", "failed", "ok")
        assert "METROPOOL_CLOCK" in found["clock"]["remedy"]
        assert found["python"]["remedy"] == ""

    def test_finds_a_port_that_somebody_else_listens_on(self, cli, taken_port):
        found = checks(cli("doctor", "--json", port=str(taken_port)))
        assert found["ports"]["state"] == "failed"
        assert found["ports"]["detail"] == str(taken_port)

    def test_tells_of_a_batch_that_is_not_whole_until_nobody_waits_for_it(self, cli, tmp_path):
        settings = Settings(home=tmp_path / "home")
        node = open_node("metering", compiled=compile_named("transition", home=settings.home), settings=settings)
        row = {"name": "b1", "sender": "pool", "speaker": "water", "phrase": "water_bills", "of": 5, "whole": "", "came": 3}
        with node.database.unit() as connection:
            connection.execute(insert(inbox_batch).values(**row, since="2026-07-04T04:03:00+00:00", state="open"))
        node.close()
        found = checks(cli("doctor", "--json"))["batches"]
        said = "water_bills from pool: 3 of 5 parts since 2026-07-04 12:03 (b1)"
        assert (found["state"], found["detail"]) == ("failed", f"metering: {said}")
        assert cli("parked", "batches", "metering").out == f"{said}\n"
        assert [one["came"] for one in cli("parked", "batches", "metering", "--json").json] == [3]
        assert cli("parked", "give-up", "metering", "b1").status == 0
        assert checks(cli("doctor", "--json"))["batches"]["state"] == "ok"
        assert cli("parked", "give-up", "metering", "b1").status == 1

    def test_speaks_chinese_and_writes_nothing(self, cli, tmp_path):
        assert "消息代理" in cli("--lang", "zh", "doctor").out
        assert not (tmp_path / "home").exists()


@pytest.fixture
def taken_port():
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_bench_hands_its_options_on(cli):
    said = cli("bench", "--", "--help")
    has_source = (Path(ROOT) / "bench" / "__main__.py").exists()
    assert said.status == (0 if has_source else 1)
    assert ("usage" in said.out.lower()) if has_source else ("make bench" in said.err)
