"""Faults of who operates, who vouches, which broker and which network; and of the contract, as the plan at hand meets it."""

from pathlib import Path

import pytest

from exchange.plan.cases import CAPABILITIES, CONTRACT, SPINE
from metropool.plan.commands import CheckReport, check

ONE = (SPINE / "one.yaml").read_text(encoding="utf-8")
TERMS = CONTRACT.read_text(encoding="utf-8")


def changed(folder: Path, old: str, new: str, *, plan: str = ONE) -> CheckReport:
    """The report on plan one with one thing written otherwise."""
    assert plan.count(old) == 1, old
    path = folder / "one.yaml"
    path.write_text(plan.replace(old, new), encoding="utf-8")
    return check(plan=path, contract=CONTRACT, capabilities=CAPABILITIES)


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if part in line)


CASES = [
    ("operated_by: {community_system: grid}", "operated_by: {community_system: water}", "operated_otherwise", "directly led"),
    ("operated_by: {community_system: grid}", "operated_by: {communal: grid}", "unknown_system", "directly led"),
    ("operated_by: {community_system: grid}", "operated_by: {community_system: gird}", "unknown_party", "directly led"),
    ("  indirect: {title", "  other: {title", "variant_forgotten", "variants:"),
    ("operators: {pool_operator: grid}", "operators: {}", "operator_unnamed", "data_pool:            {hosts"),
    ("resident: data_pool, staff", "resident: user_app, staff", "cannot_vouch", "identity:"),
    ("resident: data_pool, staff", "resident: somebody, staff", "cannot_vouch", "identity:"),
    ("management: [marketing, ev_charging]", "management: [marketing, ev_charging, metering]", "duplicate", "brokers:"),
    (
        "brokers: {production: [metering, demand_response]",
        "brokers: {production: [metering, data_pool]",
        "broker_mixed",
        "brokers:",
    ),
    (
        "brokers: {production: [metering, demand_response], management: [marketing, ev_charging]",
        "brokers: {management: [marketing, ev_charging], production: [metering, demand_response]",
        "broker_order",
        "brokers:",
    ),
    ("management: [marketing, ev_charging]", "management: [ev_charging]", "broker_forgotten", "marketing:            {hosts"),
    ("management: [marketing, ev_charging]", "management: [marketing, evs]", "unknown_system", "brokers:"),
    ("  public: rest\n", "", "network_forgotten", "rows: ['2.1', 2.3a"),
    ("  local: [4.1.2, ", "  local: [", "network_other", "rows: ['2.2', 2.3c"),
    ("2.3a, 2.3b, 2.3c, 2.3d, 2.4a, 2.4a1", "2.3a, 2.3b, 2.3c, 2.3d, 2.4a1", "production_in_public", "rows: ['2.1', 2.3a"),
    ("  local: [4.1.2, ", "  local: [4.1.2, 9.9.9, ", "unknown_row", "  local: ["),
    ("    police_system:       {is: outside, way_in: [api]}\n", "", "system_forgotten", "rows: ['2.2', 2.3c"),
    (
        "  user_app:             {face",
        "  third_party_cloud: {is: outside}\n  user_app:   {face",
        "system_idle",
        "  third_party_cloud: ",
    ),
    ("    police_system:  ", "    water_system: {is: outside}\n    police_system:  ", "duplicate", "    water_system: {is"),
    ("    chargers:            {is: device}", "    chargers: {hosts: {carbon: []}}", "hosted_elsewhere", "    chargers: "),
]


@pytest.mark.parametrize(("old", "new", "key", "where"), CASES, ids=[f"{case[2]}-{n}" for n, case in enumerate(CASES)])
def test_fault_is_found_at_its_line_with_a_remedy(tmp_path: Path, old: str, new: str, key: str, where: str) -> None:
    report = changed(tmp_path, old, new)
    found = [fault for fault in report.faults if fault.key == key]
    assert line_of(ONE.replace(old, new), where) in [fault.line for fault in found]
    assert all(fault.what(language) and fault.remedy(language) for fault in found for language in ("zh", "en"))
    assert report.exit_code == 1


class TestContract:
    def faults(self, folder: Path, old: str, new: str) -> set[tuple[str, int]]:
        assert TERMS.count(old) == 1, old
        path = folder / "contract.yaml"
        path.write_text(TERMS.replace(old, new), encoding="utf-8")
        report = check(plan=SPINE / "one.yaml", contract=path, capabilities=CAPABILITIES)
        return {(fault.key, fault.line) for fault in report.faults if fault.file == str(path)}

    def test_a_row_that_is_not_built_keeps_the_zones_apart_already(self, tmp_path: Path) -> None:
        old = "5.1.3: {plans: [one], link: [community_system, metering], via: access_zone,"
        assert self.faults(tmp_path, old, old.replace(" via: access_zone,", "")) == {("zone_crossing", line_of(TERMS, old))}

    def test_a_message_that_nobody_could_have_given_on(self, tmp_path: Path) -> None:
        old = "up_inferred: [community_public_security], down_inferred: [household_meter_data], src: paper}"
        new = "down_inferred: [household_meter_data], up_inferred: [dr_schemes], src: paper}"
        assert ("orphan", line_of(TERMS, old)) in self.faults(tmp_path, old, new)

    def test_a_message_in_no_row(self, tmp_path: Path) -> None:
        old = "  police_handover: {"
        faults = self.faults(
            tmp_path, old, "  police_hand_over: {zh: 无, en: none, from: [police_system], is: AlarmHandedOver}\n" + old
        )
        assert faults == {("message_unused", line_of(TERMS, old))}

    def test_a_row_to_a_system_of_another_plan(self, tmp_path: Path) -> None:
        old = "W.2: {plans: [one, two], link: [weather, data_pool]"
        new = "W.2: {plans: [one, two], link: [weather, smart_use_platform]"
        assert ("system_of_other_plan", line_of(TERMS, old)) in self.faults(tmp_path, old, new)
