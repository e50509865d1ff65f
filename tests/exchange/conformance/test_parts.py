"""What a run is made of: the table in memory, what a carrier could read, what is kept and shown."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cityinabox.codec import gdw1376, sealed
from cityinabox.codec.dlt645 import ANSWER, READ, Frame645
from metropool.core.periods import DAY, day_period
from metropool.devices.sealed.greeting import answer_to, read_hello
from metropool.plan.load import plan_path
from metropool.plan.schema import Letter
from metropool.runtime.conformance.checks.sealed import opened, readable
from metropool.runtime.conformance.checks.table import CHECKS
from metropool.runtime.conformance.keeping import last_kept
from metropool.runtime.conformance.probes.table import check_table, lets
from metropool.runtime.conformance.report import Door
from metropool.runtime.conformance.stopping import stoppable
from metropool.runtime.conformance.town.city import City
from metropool.runtime.conformance.town.opening import idle_doors, open_town
from metropool.runtime.conformance.town.records import Told
from metropool.runtime.conformance.town.town import DOORS
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


@pytest.mark.parametrize(("user", "wrong"), [("marketing", ("marketing may answer",)), ("police_system", ())])
def test_only_who_hears_a_system_and_says_nothing_to_it_may_answer(user, wrong):
    compiled = compile_named("two")
    users = (
        replace(each, publish=tuple({*each.publish, "_R_.>"})) if each.name == user else each for each in compiled.broker.users
    )
    answers = replace(compiled, broker=replace(compiled.broker, users=tuple(users)))
    assert check_table(answers, plan=plan_path("two"), contract=plan_path("contract")).wrong == wrong


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


def test_what_a_terminal_says_is_read_with_its_own_key_alone():
    key, other = sealed.LinkKey(b"8 random", 1, bytes(32)), sealed.LinkKey(b"8 random", 1, bytes(range(32)))
    said = sealed.hello(key, bytes(range(32)))
    answer, session = answer_to(read_hello(said), key=key.secret, random=bytes(range(1, 33)))
    terminal = sealed.Session(key, said, answer)
    up = said + terminal.seal(b"register ") + terminal.seal(b"81355000")
    down = answer + session.seal(b"read it", expires_s=9)
    assert opened(up, down, keys={(key.name, key.number): key.secret}) == (b"register 81355000", b"read it")
    reported = up + terminal.seal(b"register 81355000", sealed.REPORT) + terminal.seal(b"!")
    confirmed = down + session.confirm(1) + session.seal(b"!")
    contents = opened(reported, confirmed, keys={(key.name, key.number): key.secret})
    assert contents == (b"register 81355000!", b"read it!"), "reports are not what frames carry"
    assert opened(up, down, keys={(key.name, key.number): other.secret}) == (b"", b"")
    assert opened(up, answer, keys={}) == opened(up, b"", keys={(key.name, 1): key.secret}) == (b"", b"")
    assert opened(b"68" * 40, b"68" * 40, keys={}) == (b"", b"")


def test_what_homes_use_on_the_middle_day_is_held_against_the_day_without_supply(tmp_path):
    (tmp_path / "history").mkdir()
    used = {"meter-gas-1": [1, 1, 7, 0], "meter-gas-2": [2, 2, 2, 0], "meter-of-the-zone": [9, 9, 9, 0]}
    midnights = [day_period(date(2026, 6, 26) + DAY * number).start for number in range(5)]
    shown = [(name, at, Decimal(sum(days[:number]))) for name, days in used.items() for number, at in enumerate(midnights)]
    types = (pa.string(), pa.timestamp("s", tz="UTC"), pa.decimal128(12, 3))
    table = [pa.array(column, kind) for column, kind in zip(zip(*shown, strict=True), types, strict=True)]
    pq.write_table(pa.table(table, names=["meter_id", "at", "gas_m3"]), tmp_path / "history" / "gas_hourly.parquet")
    points = [{"id": f"gas-{number}", "service": "gas"} for number in (1, 2)]
    meters = [{"usage_point": f"gas-{number}", "channel": f"meter-gas-{number}/gas_register"} for number in (1, 2)]
    accounts = [
        {"usage_point": f"gas-{number}", "account_number": str(number), "combined_account": str(number)} for number in (1, 2)
    ]
    rows = {"usage_points": points, "installations": meters, "agreements": accounts}
    (tmp_path / "city.json").write_text(json.dumps(rows), encoding="utf-8")
    assert City(tmp_path).usual("gas", before=date(2026, 6, 29), days=3) == Decimal("1.5")


@pytest.mark.parametrize("plan", PLANS)
def test_what_is_not_built_says_why_and_nothing_else_does(plan):
    compiled = compile_named(plan)
    ways = ways_of(compiled)
    assert {way.src for way in ways} == {"paper", "inferred", "product"}
    assert all((way.unbuilt is None) == (way.letter in compiled.allowed and way.row in compiled.rows) for way in ways)


def test_every_check_is_of_a_message_of_the_contract_or_of_a_plan():
    assert set(CHECKS) <= {message for plan in PLANS for message in compile_named(plan).whole.messages}


@pytest.mark.parametrize("plan", PLANS)
def test_systems_that_say_and_hear_nothing_yet_share_a_process(plan, tmp_path):
    compiled = compile_named(plan)
    idle, empty = idle_doors(compiled), {key: [] for key in ("agreements", "usage_points", "installations")}
    (tmp_path / "city.json").write_text(json.dumps(empty), encoding="utf-8")
    speak = {end for letter in compiled.letters for end in (letter.sender, letter.receiver)}
    assert {"weather", "merchants", "tax_platform", "carbon_exchange", "message_gateway", "charging_partners"} <= set(idle)
    assert not speak & set(idle)
    town = open_town(tmp_path / "home", plan=plan, compiled=compiled, city=City(tmp_path), served={})
    assert set(town.ports) == set(map(str, compiled.nodes()))
    assert len({town.ports[name] for name in idle}) == 1
    assert len(set(town.ports.values())) == len(town.ports) - len(idle) + 1
    assert town.ends("weather", "marketing") == [DOORS, "marketing"]
    assert "weather" not in stoppable(compiled, ["all"]) and stoppable(compiled, ["weather"]) == ["weather"]


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
