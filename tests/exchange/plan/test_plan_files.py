"""The three plan files: each sound with what is built, each with exactly the rows the contract gives it, run in the hands it says."""

import time
from functools import cache

import pytest

from exchange.plan.cases import CONTRACT, ROOT
from exchange.plan.test_plan_contract import needs_flows, reference
from metropool.core.errors import NotFound
from metropool.plan.commands import compile_files
from metropool.plan.compiled import Compiled
from metropool.plan.load import load_plan, named_plan
from metropool.plan.schema import Letter
from metropool.runtime.capabilities import CAPABILITIES
from metropool.runtime.systems import facts_of

PLANS = ("one", "two", "transition")
SPINE = {
    "one": {"2.1", "2.3a", "2.3b", "2.4a", "2.4b", "2.5", "2.6", "3.1", "3.2", "G.1", "U.1", "U.2"},
    "two": {"2.1", "2.3a", "2.3b", "2.4a", "2.4b", "2.5", "2.6", "3.1", "3.2", "G.1", "U.1", "U.2"},
    "transition": {"2.1", "2.3a", "2.3b", "3.1t", "3.2t", "8.3.1", "8.3.2", "8.3.4", "8.3.5", "G.1", "U.1t", "U.2t"},
}


@cache
def compiled(name: str) -> Compiled:
    path, variant = named_plan(name)
    return compile_files(plan=path, contract=CONTRACT, capabilities=facts_of(CAPABILITIES), variant=variant)


@pytest.mark.parametrize("name", [*PLANS, "one:direct", "one:indirect"])
def test_is_sound(name: str) -> None:
    assert [fault.as_json() for fault in compiled(name).faults] == []


@needs_flows
@pytest.mark.parametrize("name", PLANS)
def test_carries_exactly_the_rows_of_the_reference(name: str) -> None:
    given = sorted(row["id"] for row in reference()["flows"] if name in row["plans"])
    plan = load_plan(ROOT / "plans" / f"{name}.yaml").content
    assert sorted([*plan.rows, *plan.not_yet.rows]) == given


@pytest.mark.parametrize("name", PLANS)
def test_the_spine_runs(name: str) -> None:
    assert set(compiled(name).rows) >= SPINE[name]


@pytest.mark.parametrize("name", PLANS)
def test_writes_down_every_system_its_rows_reach(name: str) -> None:
    plan = compiled(name)
    assert {end for row in plan.whole.rows.values() for end in row.link} <= set(plan.whole.systems)
    assert set(plan.systems) == set(plan.whole.systems), "each of them is there, whatever waits of its rows"


@pytest.mark.parametrize(("name", "hub"), [("one", "data_pool"), ("two", "data_pool"), ("transition", "smart_use_platform")])
def test_one_system_hosts_what_the_companies_share(name: str, hub: str) -> None:
    assert {compiled(name).host_of(capability) for capability in ("settlement", "sharing", "insight")} == {hub}


def test_plans_allow_the_same_spine_between_other_systems() -> None:
    def renamed(letter: Letter) -> Letter:
        ends = ("data_pool" if end == "smart_use_platform" else end for end in (letter.sender, letter.receiver))
        return Letter(next(ends), letter.message, next(ends))

    def spine(name: str) -> set[Letter]:
        said = compiled(name).running.said
        # Alarms of people's safety begin in homes, and homes run in one of the plans only.
        return {renamed(letter) for row, letter in said if row in SPINE[name] and letter.message != "security_alarms"}

    assert spine("transition") == spine("one") == spine("two")


class TestVariants:
    def test_the_first_is_taken_where_none_is_named(self) -> None:
        assert (compiled("one").variant, compiled("one:indirect").variant, compiled("two").variant) == (
            "direct",
            "indirect",
            None,
        )

    def test_the_same_system_is_in_other_hands(self) -> None:
        parties = [compiled(name).whole.systems["community_system"].party for name in ("one:direct", "one:indirect", "two")]
        assert parties == ["grid", "community", "community"]

    def test_say_so_in_their_titles(self) -> None:
        assert compiled("one:indirect").title.zh == "方案一：电力公司主导（间接主导）"

    def test_one_that_is_not_there_is_refused_with_those_that_are(self) -> None:
        with pytest.raises(NotFound, match="one:direct, one:indirect"):
            compiled("one:sideways")
        with pytest.raises(NotFound, match="no plan is called 'three'"):
            named_plan("three:direct")


def test_operators_are_named_by_the_plan() -> None:
    assert compiled("one").systems["data_pool"].party == "grid"
    assert compiled("two").systems["data_pool"].party == "pool_operator"


def test_each_node_is_on_one_broker() -> None:
    for name in PLANS:
        plan = compiled(name)
        placed = [system for systems in plan.brokers.values() for system in systems]
        assert sorted(placed) == sorted(name for name, facts in plan.whole.systems.items() if facts.kind == "node")


@pytest.mark.parametrize("name", PLANS)
def test_compiling_takes_less_than_a_second(name: str) -> None:
    compiled(name)
    begun = time.process_time()
    path, _ = named_plan(name)
    compile_files(plan=path, contract=CONTRACT, capabilities=facts_of(CAPABILITIES))
    assert time.process_time() - begun < 1.0
