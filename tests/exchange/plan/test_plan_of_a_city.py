"""A city's own plan, written from plans/one.yaml: what it adds and moves is held to the rest of the plan."""

import time
from pathlib import Path

import pytest

from exchange.plan.cases import CONTRACT, ROOT
from metropool.plan.asyncapi import describe
from metropool.plan.commands import CheckReport, check
from metropool.plan.compile import compile_plan
from metropool.plan.load import load_contract, load_plan
from metropool.runtime.capabilities import CAPABILITIES
from metropool.runtime.systems import facts_of

FACTS = facts_of(CAPABILITIES)
ONE = (ROOT / "plans" / "one.yaml").read_text(encoding="utf-8")
DRILLS = "from: [building_system], is: NoticePublished"


def report(folder: Path, text: str) -> CheckReport:
    path = folder / "one.yaml"
    path.write_text(text, encoding="utf-8")
    return check(plan=path, contract=CONTRACT, capabilities=FACTS)


def keys(told: CheckReport) -> set[str]:
    return {fault.key for fault in told.faults}


def row(text: str, written: str) -> str:
    """The plan with a row of its own."""
    return text.replace("\nadd:\n", f"\nadd:\n  {written}\n", 1)


def told_of_drills(count: int) -> str:
    """The plan with so many messages of its own, each with a row of its own."""
    text = ONE
    for number in range(count):
        text = row(text, f"X.{number}: {{link: [building_system, data_pool], up: [drill_{number}], src: product}}")
    drills = "".join(f"  drill_{number}: {{zh: 演练, en: Drill, {DRILLS}}}\n" for number in range(count))
    head, line, rest = text.partition("\nadd_messages:")
    comment, _, rest = rest.partition("\n")
    return f"{head}{line}{comment}\n{drills}{rest}"


def test_messages_and_rows_of_its_own_run(tmp_path: Path) -> None:
    assert report(tmp_path, told_of_drills(2)).faults == ()


class TestTwinRows:
    """Two rows of one message between the same two: the narrower would narrow nothing."""

    @pytest.mark.parametrize("where", ["", ", where: {service: water}"])
    def test_what_another_row_lets_pass_already_is_a_fault(self, tmp_path: Path, where: str) -> None:
        told = report(tmp_path, row(ONE, f"X.9: {{link: [water_system, data_pool], down: [meter_data], src: product{where}}}"))
        (fault,) = told.faults
        assert (fault.key, fault.values["row"], fault.values["other"]) == ("row_covered", "X.9", "2.5")
        assert fault.line == ONE[: ONE.index("\nadd:\n")].count("\n") + 3

    def test_what_no_other_row_lets_pass_is_none(self, tmp_path: Path) -> None:
        sells_heat = "hosts: {billing: [water, heat], office: [water], disclosure: [water]}"
        text = ONE.replace("hosts: {billing: [water], office: [water], disclosure: [water]}", sells_heat)
        added = row(text, "X.9: {link: [water_system, data_pool], down: [meter_data], where: {service: heat}, src: product}")
        assert report(tmp_path, added).faults == ()


class TestMedia:
    """Who says or hears a message of a medium has to do with that medium."""

    def test_bills_for_water_of_who_bills_gas_alone(self, tmp_path: Path) -> None:
        told = report(tmp_path, ONE.replace("{billing: [water],", "{billing: [gas],"))
        faults = [fault for fault in told.faults if fault.key == "of_other_medium"]
        assert {(fault.values["row"], fault.values["system"], fault.values["message"]) for fault in faults} == {
            ("2.5", "water_system", name)
            for name in ("water_bills", "water_data_requests", "meter_data", "combined_bill_payments")
        }
        assert all("water" in fault.what("en") and "water" in fault.what("zh") for fault in faults)

    def test_announcements_of_an_office_for_another(self, tmp_path: Path) -> None:
        told = report(tmp_path, ONE.replace("office: [gas]", "office: [water]"))
        assert {fault.values["message"] for fault in told.faults if fault.key == "of_other_medium"} == {"gas_announcements"}


@pytest.mark.parametrize("per", ["home", "person", "usage_point", "charging_station"])
def test_there_is_one_node_a_community_or_building_and_of_nothing_else(tmp_path: Path, per: str) -> None:
    told = report(tmp_path, ONE.replace("{per: community, hosts", f"{{per: {per}, hosts"))
    assert "many_of_no_place" in keys(told)
    assert "many_instances" not in {note.key for note in told.notes if note.values.get("name") == "community_system"}


def test_what_stands_under_a_key_that_is_there_twice_is_called_twice_once(tmp_path: Path) -> None:
    told = report(tmp_path, ONE.replace("  indirect: {title", "  direct: {title"))
    assert [(fault.key, fault.values["name"]) for fault in told.faults] == [("duplicate", "direct")]


def test_the_document_of_many_messages_takes_time_by_their_number(tmp_path: Path) -> None:
    """It took the square of it: two minutes for two thousand."""

    def taken_s(count: int) -> float:
        path = tmp_path / f"{count}.yaml"
        path.write_text(told_of_drills(count), encoding="utf-8")
        compiled = compile_plan(load_plan(path), load_contract(CONTRACT), FACTS)
        started = time.process_time()
        assert len(describe(compiled)["channels"]) > count
        return time.process_time() - started

    fixed = taken_s(1)
    assert taken_s(600) - fixed < 1
