"""Each thing that can be wrong with a plan is found, with file, line and remedy; and a sound plan has none of it."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from exchange.plan.cases import CAPABILITIES, CONTRACT, TRANSITION, transition
from metropool.core.errors import NotFound
from metropool.core.texts import LANGUAGES, texts_of
from metropool.plan.commands import CheckReport, check
from metropool.plan.compiled import CapabilityFacts

BROKEN = """\
plan: transition
title: {zh: 坏方案, en: Broken plan}
systems:
  meters: {is: device}
  metering: {hosts: {metering: [electricity]}, front_end: frontend}
  marketing:
    hosts:
      biling: [electricity]
  water_system: {hosts: {billing: [water]}}
  watr_system: {hosts: {billing: [water]}}
  smart_use_platform: {hosts: {settlement: [], sharing: [], insight: []}}
rows:
  - '2.1'
  - 8.3.2
  - 8.3.4
  - G.1
  - 8.3.2
  - 9.9.9
  - '2.5'
  - 8.3.5
add:
  X.1: {link: [water_system, metering], up: [water_bills], src: product}
  X.2: {link: [marketing, water_system], up: [gas_bills], down: [no_such_message], src: product}
"""


def report(text: str, folder: Path, *, capabilities: Mapping[str, CapabilityFacts] = CAPABILITIES) -> CheckReport:
    path = folder / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    return check(plan=path, contract=CONTRACT, capabilities=capabilities)


def found(report: CheckReport, key: str) -> list[tuple[int, str]]:
    return [(fault.line, fault.what()) for fault in report.faults if fault.key == key]


class TestBrokenPlan:
    @pytest.fixture
    def broken(self, tmp_path: Path) -> CheckReport:
        return report(BROKEN, tmp_path)

    def test_unknown_system(self, broken: CheckReport) -> None:
        assert found(broken, "unknown_system") == [(10, "the contract knows no system watr_system")]

    def test_unknown_row_and_row_of_another_plan(self, broken: CheckReport) -> None:
        assert found(broken, "unknown_row") == [(18, "the contract knows no row 9.9.9")]
        assert found(broken, "row_of_other_plan") == [(19, "the contract does not give row 2.5 to plan transition")]

    def test_duplicate_row(self, broken: CheckReport) -> None:
        assert found(broken, "duplicate") == [(17, "8.3.2 is there twice (first on line 14)")]

    def test_missing_capability(self, broken: CheckReport) -> None:
        assert found(broken, "missing_capability") == [(8, "no capability is called biling")]

    def test_forbidden_crossing(self, broken: CheckReport) -> None:
        (crossing,) = found(broken, "zone_crossing")
        assert crossing == (22, "row X.1 (water_system, metering) joins the production zone to the public zone directly")

    def test_orphan_message(self, broken: CheckReport) -> None:
        assert (23, "row X.2: nobody gives marketing the message gas_bills") in found(broken, "orphan")
        assert (15, "row 8.3.4: nobody gives smart_use_platform the message gas_data_requests") in found(broken, "orphan")

    def test_messages_of_its_own(self, tmp_path: Path) -> None:
        own = """\
add_messages:
  tank_cleaning: {zh: 清洗水箱, en: Tank cleaning, from: [no_system], is: NoticePublished}
  water_bills: {zh: 水费, en: Water bills, from: [water_system], is: BillsIssued}
"""
        told = report(BROKEN + own, tmp_path)
        assert (25, "the contract knows no system no_system") in found(told, "unknown_system")
        assert found(told, "message_unused") == [(25, "no row carries the message tank_cleaning")]
        assert [line for line, what in found(told, "duplicate") if "water_bills" in what] == [26]

    def test_unknown_message(self, broken: CheckReport) -> None:
        assert found(broken, "unknown_message") == [(23, "the contract knows no message no_such_message")]

    def test_nobody_consumes(self, broken: CheckReport) -> None:
        assert (22, "row X.1: nothing that metering hosts hears water_bills (BillsIssued)") in found(broken, "nobody_consumes")

    def test_rows_and_capabilities_forgotten(self, broken: CheckReport) -> None:
        forgotten = {what.split(" row ")[1].split(",")[0] for _, what in found(broken, "row_forgotten")}
        assert {"U.1t", "8.5", "E.1"} <= forgotten
        assert len(found(broken, "capability_forgotten")) == 9

    def test_exit_code_and_json(self, broken: CheckReport) -> None:
        shown = json.loads(broken.as_json("zh"))
        assert broken.exit_code == 1
        assert shown["sound"] is False
        assert len(shown["faults"]) == len(broken.faults)
        assert all(fault["line"] >= 1 and fault["remedy"] and fault["file"].endswith("plan.yaml") for fault in shown["faults"])


class TestSoundPlan:
    def test_transition_has_no_fault(self) -> None:
        sound = check(plan=TRANSITION, contract=CONTRACT, capabilities=CAPABILITIES)
        assert [fault.as_json() for fault in sound.faults] == []
        assert sound.exit_code == 0
        assert f"plan transition is sound: {len(transition().allowed)} messages allowed" in sound.as_text("en")

    def test_single_points_of_failure_are_notes(self) -> None:
        notes = {note.values["name"]: note.values["others"] for note in transition().notes if note.key == "single_point"}
        others = (
            "gas_system, government_app, government_desk, home_gateway, home_terminal, payment_channel, user_app, water_system"
        )
        assert notes["smart_use_platform"] == others
        assert "marketing" not in notes

    def test_what_the_contract_places_stands_there_only_and_what_it_does_not_where_the_plan_says(self, tmp_path: Path) -> None:
        moved = tmp_path / "plan.yaml"
        text = TRANSITION.read_text(encoding="utf-8")
        moved.write_text(text.replace("office: [water], ", "office: [water], sharing: [], "), encoding="utf-8")
        report = check(plan=moved, contract=CONTRACT, capabilities=CAPABILITIES)
        assert [(fault.key, fault.values["name"]) for fault in report.faults] == [("hosted_elsewhere", "sharing")]

    def test_without_a_capability_that_says_it_the_row_is_a_fault(self) -> None:
        mute = {**CAPABILITIES, "settlement": CapabilityFacts("settlement", consumes=frozenset({"BillsIssued"}))}
        mute_report = check(plan=TRANSITION, contract=CONTRACT, capabilities=mute)
        assert {fault.key for fault in mute_report.faults} == {"nobody_produces"}
        assert {fault.values["message"] for fault in mute_report.faults} == {"combined_bill_payments"}


class TestUnreadableFiles:
    @pytest.mark.parametrize(
        ("text", "line", "key"),
        [
            ("plan: transition\nrows: [2.1]\n", 2, "not_text"),
            ("plan: transition\ncolour: red\n", 2, "unknown_key"),
            ("plan: transition\ntitle: {zh: 一}\n", 2, "missing_key"),
            ("plan: transition\nsystems:\n  metering: {is: planet}\n", 3, "wrong_value"),
            ("plan: transition\nsystems:\n  metering: {}\n  marketing: {}\n  metering: {}\n", 5, "duplicate"),
            ("plan: [transition\n", 2, "not_yaml"),
            ("\tplan: x\n", 1, "not_yaml"),
            ("", 1, "empty"),
            ("# nothing yet\n", 1, "empty"),
            ("- plan\n", 1, "wrong_value"),
            ("plan: transition\nsystems:\n", 2, "no_value"),
        ],
    )
    def test_fault_has_its_line(self, tmp_path: Path, text: str, line: int, key: str) -> None:
        assert (line, key) in [(fault.line, fault.key) for fault in report(text, tmp_path).faults]

    def test_all_faults_are_told_not_only_the_first(self, tmp_path: Path) -> None:
        faults = report("plan: 7\ncolour: red\nrows: [2.1, 2.2]\n", tmp_path).faults
        assert [(fault.line, fault.key) for fault in faults if fault.key in ("not_text", "unknown_key")] == [
            (1, "not_text"),
            (2, "unknown_key"),
            (3, "not_text"),
            (3, "not_text"),
        ]

    def test_bytes_that_are_no_text(self, tmp_path: Path) -> None:
        path = tmp_path / "plan.yaml"
        path.write_bytes("plan: transition\ntitle: {zh: 过渡".encode("gbk"))
        told = check(plan=path, contract=CONTRACT, capabilities={}).faults
        assert [(fault.line, fault.key) for fault in told] == [(2, "not_utf8")]

    def test_no_such_file(self, tmp_path: Path) -> None:
        with pytest.raises(NotFound, match=r"none\.yaml"):
            check(plan=tmp_path / "none.yaml", contract=CONTRACT, capabilities={})


def test_every_fault_has_its_remedy_in_both_languages() -> None:
    texts = texts_of("metropool.plan")
    remedies = {key.removesuffix("_remedy") for key in texts if key.endswith("_remedy")}
    assert remedies <= set(texts)
    assert all(set(text) == set(LANGUAGES) for text in texts.values())
