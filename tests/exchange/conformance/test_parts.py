"""What a run is made of: the table in memory, what a carrier could read, what is kept and shown."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from cityinabox.codec import gdw1376
from cityinabox.codec.dlt645 import ANSWER, READ, Frame645
from metropool.plan.load import plan_path
from metropool.plan.schema import Letter
from metropool.runtime.conformance.checks.sealed import readable
from metropool.runtime.conformance.checks.table import CHECKS
from metropool.runtime.conformance.keeping import last_kept
from metropool.runtime.conformance.probes.table import check_table, lets
from metropool.runtime.conformance.report import Door
from metropool.runtime.conformance.town.records import Told
from metropool.runtime.conformance.ways import ways_of
from metropool.runtime.systems import compile_named

PLANS = ("one", "one:indirect", "two", "transition")


@pytest.mark.parametrize("plan", PLANS)
def test_the_compiled_plan_says_what_its_files_list(plan):
    file, contract = plan_path(plan.partition(":")[0]), plan_path("contract")
    table = check_table(compile_named(plan), plan=file, contract=contract)
    assert table.wrong == ()
    assert table.combinations > 70_000
    assert table.listed >= 30


def test_one_letter_too_many_or_too_few_is_found():
    compiled = compile_named("two")
    letter = min(compiled.letters)
    back = Letter(letter.receiver, letter.message, letter.sender)
    files = {"plan": plan_path("two"), "contract": plan_path("contract")}
    few = check_table(replace(compiled, allowed=compiled.allowed - {letter}), **files)
    many = check_table(replace(compiled, allowed=compiled.allowed | {back}), **files)
    loose = replace(compiled.broker, users=tuple(replace(user, publish=(*user.publish, ">")) for user in compiled.broker.users))
    assert few.wrong == (f"{letter}: compiled",)
    assert many.wrong == (f"{back}: compiled",)
    assert "may say" in check_table(replace(compiled, broker=loose), **files).wrong[0]


@pytest.mark.parametrize(
    ("pattern", "subject", "is_let"),
    [
        ("a.b", "a.b", True),
        ("a.b", "a.b.c", False),
        ("a.*", "a.b", True),
        ("a.*", "a.b.c", False),
        ("a.>", "a.b.c", True),
        ("a.>", "a", False),
        ("*.b", "a.b", True),
        (">", "a", True),
    ],
)
def test_patterns_are_read_as_the_broker_reads_them(pattern, subject, is_let):
    assert lets([pattern], subject) is is_let


def test_a_register_in_an_open_frame_would_be_found():
    told = Told("push", "meter-1", "electricity_forward_register", 0, Decimal("8135.5000"), 0.0, "record:1")
    value = bytes.fromhex("00813550")[::-1]
    open_645 = Frame645("000000000001", READ | ANSWER, bytes((0, 0, 1, 0)) + value).encode()
    for frame in (open_645, gdw1376.a14(81_355_000), b"register=81355000"):
        assert any(pattern in frame for pattern in readable(told)), frame.hex()
    assert not any(pattern in bytes(range(256)) for pattern in readable(told))


@pytest.mark.parametrize("plan", PLANS)
def test_what_is_not_built_says_why_and_nothing_else_does(plan):
    compiled = compile_named(plan)
    ways = ways_of(compiled)
    assert {way.src for way in ways} == {"paper", "inferred", "product"}
    assert all((way.unbuilt is None) == (way.letter in compiled.allowed and way.row in compiled.rows) for way in ways)


def test_every_check_is_of_a_message_of_the_contract():
    assert set(CHECKS) <= set(compile_named("two").whole.messages)


def test_a_door_is_shut_only_when_a_listed_thing_passed():
    assert Door("publish", tried=3, refused=3, controls=1, let_through=1).is_shut
    assert not Door("publish", tried=3, refused=2, controls=1, let_through=1).is_shut
    assert not Door("publish", tried=3, refused=3, controls=1, let_through=0).is_shut
    assert not Door("publish", tried=3, refused=3, controls=0, let_through=0).is_shut


def test_results_are_read_back_and_a_damaged_one_is_left_out(tmp_path):
    folder = tmp_path / "conformance"
    folder.mkdir()
    (folder / "two.json").write_text(json.dumps({"plan": "two"}), encoding="utf-8")
    (folder / "one.json").write_text("{", encoding="utf-8")
    assert last_kept(tmp_path) == [{"plan": "two"}]
