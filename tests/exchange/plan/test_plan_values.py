"""Values that name something are held to what there is; a file that is no plan is told with its line, whatever it is instead."""

import random
import re
from pathlib import Path

import pytest

from exchange.plan.cases import CONTRACT, ROOT
from exchange.plan.mutations import mutated, names, renamed
from metropool.core.yaml_text import read_yaml, write_yaml
from metropool.plan.commands import CheckReport, check
from metropool.plan.compile import compile_plan
from metropool.plan.load import load_contract, load_plan
from metropool.runtime.capabilities import CAPABILITIES
from metropool.runtime.systems import facts_of

FACTS = facts_of(CAPABILITIES)
ONE = (ROOT / "plans" / "one.yaml").read_text(encoding="utf-8")
TERMS = CONTRACT.read_text(encoding="utf-8")


def names_itself(path: tuple[str | int, ...], is_key: bool) -> bool:
    """Whether it is a name that the plan gives (of its brokers, its front end or its own rows), or of an API that no plan knows."""
    gives = (is_key and path[0] in ("brokers", "add") and len(path) == 2) or path[-1] == "front_end"
    return gives or "http" in path


def report(folder: Path, text: str, *, contract: Path = CONTRACT) -> CheckReport:
    path = folder / "one.yaml"
    path.write_text(text, encoding="utf-8")
    return check(plan=path, contract=contract, capabilities=FACTS)


def changed(text: str, old: str, new: str) -> tuple[str, int]:
    """A text with one thing written otherwise, and the line of it."""
    assert text.count(old) == 1, old
    return text.replace(old, new), text[: text.index(old)].count("\n") + 1


WRONG = [
    ("water_system:         {hosts: {billing: [water]", "water_system:         {hosts: {billing: [wather]", "hosted_for_unknown"),
    ("water_system:         {hosts: {billing: [water]", "water_system:         {hosts: {billing: []", "hosted_for_nothing"),
    ("water_system:         {hosts: {billing: [water]", "water_system:         {hosts: {billing: [water, water]", "duplicate"),
    ("notices: [], disclosure: [payments]", "notices: [city], disclosure: [payments]", "hosted_for_unknown"),
    ("demand_response:      {hosts: {door: []}", "demand_response:      {hosts: {door: [wather]}", "hosted_for_unknown"),
    ("heat_system:         {hosts: {billing: [heat]", "heat_system:         {hosts: {biling: [heat]", "missing_capability"),
    ("heat_system:         {hosts: {billing: [heat]", "heat_system:         {hosts: {billing: [het]", "hosted_for_unknown"),
    ("places: [home], points: [home]", "places: [community], points: [home]", "hosted_for_unknown"),
    ("chargers:             {is: device, per: charging_station,", "chargers:             {is: device,", "gateway_of_nothing"),
    ("building_terminals:   {is: device, per: building,", "building_terminals:   {is: device, per: community,", "gateway_kind_taken"),
    ("building_terminals:   {is: device, per: building,", "building_terminals:   {is: device, per: person,", "gateway_unvouched"),
    ("demand_response:      {hosts: {door: []}", "demand_response:      {hosts: {door: [], admission: [building]}", "gateway_unlinked"),
    ("identity: {resident:", "identity: {martian:", "wrong_value"),
    ("identity: {resident: data_pool,", "identity: {resident: metering,", "vouches_elsewhere"),
    ("P.2: {link: [metering, data_pool], up:", "P.2: {link: [metering, data_pool], down:", "orphan"),
    ("C.2: {link: [metering, data_pool], up:", "C.2: {link: [data_pool, metering], up:", "orphan"),
    ("P.1: {link: [community_system, metering],", "P.1: {link: [metering, community_system],", "backwards"),
    ("H.1: {link: [heat_system, data_pool], up:", "H.1: {link: [heat_system, data_pool], down:", "backwards"),
    ("user_app:             {face: resident", "user_app:             {face: martian", "unknown_role"),
    ("user_app:             {face: resident", "user_app:             {is: device, face: resident", "face_and_other"),
    ("operators: {pool_operator: grid}", "operators: {pool_operator: grid, water: gas}", "operator_not_asked"),
    ("dmz: rest", "dmz: rest, field: [meters]", "broker_no_node"),
    ("local: [4.1.2,", "local: [4.1.2, 8.3.1,", "row_not_listed"),
    ("capabilities: [carbon,", "capabilities: [carbn,", "capability_not_given"),
    ("capabilities: [carbon,", "capabilities: [carbon, carbon,", "duplicate"),
    ("charging, response, 'places[community]', ", "charging, response, ", "capability_forgotten"),
    ("  withheld:  ", "  letters: {2.4c: [meter_data]}\n  withheld:  ", "message_not_in_row"),
    ("  withheld:  ", "  letters: {9.9.9: []}\n  withheld:  ", "row_not_listed"),
    ("P.2: {link: [metering, data_pool],", "P.2: {consent: [nope], link: [metering, data_pool],", "message_not_in_row"),
    ("P.2: {link: [metering, data_pool],", "P.2: {channel: [bogus], link: [metering, data_pool],", "wrong_value"),
    ("P.2: {link: [metering, data_pool],", "P.2: {when: bogus, link: [metering, data_pool],", "wrong_value"),
    ("P.2: {link: [metering, data_pool],", "P.2: {also: Z.9, link: [metering, data_pool],", "wrong_value"),
    ("P.2: {link: [metering, data_pool],", "P.2: {also: 4.9.9, link: [metering, data_pool],", "not_of_the_paper"),
    ("P.2: {link: [metering, data_pool],", "P.2: {plans: [two], link: [metering, data_pool],", "added_for_others"),
    ("P.2: {link: [metering, data_pool],", "P.2: {path: [metering, meters], link: [metering, data_pool],", "path_elsewhere"),
    ("P.2: {link: [metering, data_pool],", "P.2: {where: {colour: red}, link: [metering, data_pool],", "where_unknown"),
    ("P.2: {link: [metering, data_pool],", "P.2: {where: {service: comunity}, link: [metering, data_pool],", "service_unknown"),
    ("P.2: {link: [metering, data_pool], up: [community_announcements]", "P.2: {link: [metering, data_pool]", "row_silent"),
    ("P.2: {link: [metering, data_pool],", "P.2: {link: [metering, metering],", "row_to_itself"),
    ("title: {zh: 方案一：电力公司主导,", 'title: {zh: "方案\\u0007",', "wrong_value"),
    ("title: {zh: 方案一：电力公司主导,", "title: {zh: &name 方案一,", "anchor"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "key"), WRONG, ids=[f"{case[2]}-{n}" for n, case in enumerate(WRONG)])
def test_a_value_that_nothing_is_called_is_a_fault_with_line_and_remedy(tmp_path: Path, old: str, new: str, key: str) -> None:
    text, line = changed(ONE, old, new)
    faults = [fault for fault in report(tmp_path, text).faults if fault.key == key]
    assert faults and (key == "capability_forgotten" or line in [fault.line for fault in faults])
    assert all(fault.what(language) and fault.remedy(language) for fault in faults for language in ("zh", "en"))


OF_CONTRACT = [
    ("asset_owner: {electricity: grid, water: water", "asset_owner: {electricity: grid, water: wather", "unknown_party"),
    ("asset_owner: {electricity: grid, water: water", "asset_owner: {electricity: grid, wather: water", "service_unknown"),
    ("part_of: government", "part_of: goverment", "unknown_party"),
    ("charging: {one: ev_charging, two: ev_charging", "charging: {one: ev_charging, two: ev_chargin", "unknown_system"),
    ("E.1: {plans: [one, two,", "E.1: {plans: [one, twoo,", "unknown_plan"),
    ("either: 6.2.3, link: [building_system, data_pool]", "either: 6.2.4, link: [building_system, data_pool]", "either_alone"),
    ("consent: [household_meter_data]", "consent: [household_meter_dat]", "message_not_in_row"),
    ("is: BillsIssued, where: {service: gas}", "is: BillsIssued, where: {service: gaz}", "service_unknown"),
]


@pytest.mark.parametrize(("old", "new", "key"), OF_CONTRACT, ids=[case[2] for case in OF_CONTRACT])
def test_so_is_one_of_the_contract(tmp_path: Path, old: str, new: str, key: str) -> None:
    text, line = changed(TERMS, old, new)
    contract = tmp_path / "contract.yaml"
    contract.write_text(text, encoding="utf-8")
    assert (key, line) in [(fault.key, fault.line) for fault in report(tmp_path, ONE, contract=contract).faults]


BOMB = "a: &a [x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdef", "bcdefg", strict=True)
)


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("plan: one\ntitle: a\x07b\n", 2, "not_yaml"),
        ("plan: one\nrows: &a [*a]\n", 2, "anchor"),
        ("plan: one\n" + "[" * 400, 2, "not_yaml"),
        ("- " * 3000, 1, "not_yaml"),
        (BOMB, 7, "anchor"),
        ("plan: one\n---\nplan: two\n", 2, "not_yaml"),
        ("plan: one\n? [a]\n: b\n", 2, "not_yaml"),
        ("plan: one\nrows: !!set {a, b}\n", 2, "not_yaml"),
        ("plan: one\nrows: !!bool maybe\n", 2, "not_yaml"),
        ("plan: one\nversion: " + "9" * 5000, 2, "not_yaml"),
        ("plan: 2026-99-99\n", 1, "wrong_value"),
        ('plan: one\n"\\e[31m": x\n', 2, "unknown_key"),
        ('plan: one\n"\\ud800": x\n', 2, "not_yaml"),
        ("x" * ((1 << 20) + 1), 1, "too_large"),
    ],
    ids=str.split("control recursion deep lists bomb documents keys tag lie digits date escape surrogate large"),
)
def test_what_is_no_plan_is_told_with_its_line(tmp_path: Path, text: str, line: int, key: str) -> None:
    told = report(tmp_path, text)
    assert (line, key) in [(fault.line, fault.key) for fault in told.faults]
    assert told.as_text("zh").encode() and told.as_json("en").encode() and "\x1b" not in told.as_text("en")


WORDS = [
    (
        "dmz: rest",
        "dmz: 5",
        "brokers.dmz should be a list, as in [a, b], or 'rest', but reads as 5",
        "应为 列表，如 [a, b]，或 'rest'",
    ),
    ("per: usage_point", "per: planet", "should be one of 'community', 'building', 'home'", "'usage_point' 之一"),
    ("  merchants:      ", "  Merchants:      ", "should be a name of small letters", "小写字母开头"),
    ("personal: true}\nadd:", "personal: maybe}\nadd:", "should be true or false", "true 或 false"),
    ("P.2: {link: [metering, data_pool],", "P.2: {link: [metering, data_pool, water],", "at most 2 items", "至多 2 项"),
    ("P.2: {link: [metering, data_pool],", "P.2: {link: ,", "add.P.2.link has no value", "add.P.2.link 没有值"),
    ("operators: {pool", "operators: [{pool", "the bracket of line 8 is not closed", "第 8 行的括号没有闭合"),
    ("  merchants:      ", "\tmerchants:      ", "a tab stands where a line is indented", "行首用了制表符"),
    ("  merchants:      ", "   merchants:      ", "it is not indented as what begins", "缩进与"),
    ("'Plan one: led by the power company'}", "Plan one: led by the power company}", "a comma is missing", "缺少逗号"),
    ("plan: one\n", "plan: *one\n", "an alias is used here", "引用了别名"),
]


@pytest.mark.parametrize(("old", "new", "en", "zh"), WORDS, ids=[case[2][:30] for case in WORDS])
def test_a_fault_is_told_in_words_of_ours_in_both_languages(tmp_path: Path, old: str, new: str, en: str, zh: str) -> None:
    told = report(tmp_path, changed(ONE, old, new)[0])
    assert en in told.as_text("en")
    assert zh in told.as_text("zh")
    assert not re.search("Input should|valid (tuple|dictionary)|constrained|expected <|mapping values", told.as_text("en"))


@pytest.mark.parametrize("key", ["networks", "brokers", "identity"])
def test_what_a_plan_does_not_say_is_told(tmp_path: Path, key: str) -> None:
    told = report(tmp_path, write_yaml({name: said for name, said in read_yaml(ONE).items() if name != key}))
    assert f"{key}_unsaid" in [each.key for each in (*told.faults, *told.notes)]
    assert bool(told.exit_code) == (key == "networks")


@pytest.mark.parametrize("name", ["one", "two", "transition"])
def test_a_plan_with_anything_otherwise_is_told_in_sentences(tmp_path: Path, name: str) -> None:
    data = read_yaml((ROOT / "plans" / f"{name}.yaml").read_text(encoding="utf-8"))
    for seed in range(12):
        what, other = mutated(data, random.Random(f"{name}{seed}"))
        told = report(tmp_path, write_yaml(other))
        assert told.as_text("zh").encode() and told.as_json("en").encode(), what


@pytest.mark.parametrize("name", ["one", "two", "transition"])
def test_every_name_that_is_written_otherwise_is_a_fault(tmp_path: Path, name: str) -> None:
    data = read_yaml((ROOT / "plans" / f"{name}.yaml").read_text(encoding="utf-8"))
    every = [(path, is_key) for path, is_key in names(data) if not names_itself(path, is_key)]
    assert len(every) > 350
    for path, is_key in random.Random(name).sample(every, 8):
        assert report(tmp_path, write_yaml(renamed(data, path, is_key=is_key))).faults, path


def test_a_sound_contract_has_none_of_it() -> None:
    contract = load_contract(CONTRACT)
    for name in ("one", "two", "transition"):
        assert compile_plan(load_plan(ROOT / "plans" / f"{name}.yaml"), contract, FACTS).faults == ()
