"""Every check of conformance fails where its receiver's client is shown a constant: what another town of another seed was shown.

With ``make soak``: two towns a plan. One is driven and all that was looked at kept; another of another seed is driven and works;
then each check looks once more in it, and where it sees its message it is shown what the first town showed. Just there it must
fail: told something else than it caused, or not finding it; and nothing before may have failed.
"""

import asyncio
import os
from dataclasses import dataclass

import pytest

from exchange.conformance.eyes import EYES, NAMES, STAFF, TOLD, Eyes, Look, Memory, Source, Watched, constant, sight, watched
from metropool.runtime.conformance.checks import (
    announcing,
    asking,
    at_home,
    field,
    looking,
    months,
    paying,
    sealed,
    table,
    watching,
)
from metropool.runtime.conformance.checks.table import CHECKS
from metropool.runtime.conformance.driving import finding_of
from metropool.runtime.conformance.report import Finding
from metropool.runtime.conformance.running import HOMES
from metropool.runtime.conformance.town.making import make_city
from metropool.runtime.conformance.town.opening import open_town
from metropool.runtime.conformance.ways import ways_of
from metropool.runtime.instances import instances_of, write_instances
from metropool.runtime.systems import compile_named

PLANS = ("one", "two", "transition")
SEEDS = (31, 32)
SEEN = {
    table.meter_data: {"register", "company_bill"},
    table.household_meter_data: {"usage"},
    field.read_on_demand: {"finished"},
    field.control: {"switched"},
    field.profile: {"archive"},
    sealed.sealed_frames: {"carried"},
    months.usage: {"company_bill"},
    months.bills: {"due"},
    months.combined_bill: {"combined_bill"},
    at_home.alarm: {"alarm"},
    at_home.passed_on: {"alarm"},
    at_home.state: {"home_state"},
    at_home.energy: {"energy"},
    at_home.security: {"home_security"},
    at_home.fault: {"home_fault_alarms"},
    at_home.commands: {"order"},
    watching.anomaly: {"anomaly"},
    paying.resident_payment: {"payment"},
    paying.payment_order: {"order"},
    paying.payment_notice: {"notice"},
    paying.allocated: {"allocated"},
    asking.data_request: {"data_request"},
    asking.switch_request: {"switch_request"},
    asking.customers: {"customer"},
    asking.payment_status: {"payment_status"},
    looking.request: {"request"},
    looking.answer: {"answer"},
    looking.consent: {"consent"},
    announcing.announcement: {"announcement"},
}
"""Check to what it looks for when it sees its message, where that is not read at a door: there it is the message itself."""
SHARED = {
    table.meter_data: {"bill"},
    months.usage: {"bill"},
    months.combined_bill: {"combined bill"},
    paying.payment_order: {"ordered"},
}
"""Check to what is done once for several checks and holds the look of this one."""
OTHERWISE = {"other_value", "not_the_meters"}
PATIENCE_S = 2.0
"""A constant does not change: it need not be looked at for long."""
AT_ONCE = 6
soak = pytest.mark.skipif(not os.environ.get("METROPOOL_SOAK"), reason="two towns a plan, some minutes each: make soak")


@dataclass(frozen=True)
class Shown:
    """What became of a way when what is caused is seen, and when a constant is; where it is seen."""

    works: Finding
    constant: Finding
    at: Look


async def town_of(folder, plan, city):
    """A town with a system for each community and building of its city."""
    folder.mkdir(parents=True)
    write_instances(folder, instances_of(compile_named(plan), city.rows))
    return open_town(folder, plan=plan, compiled=compile_named(plan, home=folder), city=city, served={})


async def driven(town, memory):
    """What became of each way, and who looked for it; what was done once for several is in ``inside``."""
    inside = {}

    async def one(way):
        EYES.set(eyes := Eyes(memory))
        return await finding_of(Watched.of(town, inside=inside), way), eyes

    ways = [way for way in ways_of(town.compiled) if way.unbuilt is None]
    return inside, await asyncio.gather(*map(one, ways))


async def memory_of(folder, plan, city):
    """All that a town showed while it was driven."""
    town, memory = await town_of(folder, plan, city), Memory()
    try:
        await town.start()
        await driven(town, memory)
    finally:
        await town.stop()
    return memory


async def look(folder, plan, cities):
    """Each way of a town, seen as it is and as a constant."""
    with watched():
        other = await memory_of(folder / "other", plan, cities[0])
        town, memory = await town_of(folder / "town", plan, cities[1]), Memory()
        try:
            await town.start()
            inside, found = await driven(town, memory)
            turn = asyncio.Semaphore(AT_ONCE)

            async def one(works, eyes):
                shared = frozenset(SHARED.get(CHECKS[works.way.message], ()))
                at = sight(eyes, inside, works.way, town, shared)
                names = NAMES - TOLD.get(works.way.message, frozenset())
                EYES.set(Eyes(memory, other, at.what, frozenset(at.sources), names))
                async with turn:
                    view = Watched.of(town, inside=inside, again=shared, patience_s=PATIENCE_S)
                    return Shown(works, await finding_of(view, works.way), at)

            return await asyncio.gather(*(one(*each) for each in found))
        finally:
            await town.stop()


def fails_there(shown):
    """Whether a constant was told from what was caused, just where the message is seen."""
    why = shown.constant.why
    is_there = shown.at.what in SEEN[CHECKS[shown.works.way.message]] | {shown.works.way.message}
    is_told = why is not None and (why.key in OTHERWISE or (why.key, dict(why.values)["what"]) == ("never_seen", shown.at.what))
    return is_there and is_told and shown.constant.status == "failed"


@pytest.fixture(scope="module")
def cities(tmp_path_factory):
    """Two cities, alike in nothing that is told of them."""

    async def make():
        return [await make_city(tmp_path_factory.mktemp("city"), seed=seed, homes=HOMES) for seed in SEEDS]

    return asyncio.run(make())


@soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("plan", PLANS)
def test_a_constant_fails_every_message_that_works(plan, cities, tmp_path):
    shown = asyncio.run(look(tmp_path, plan, cities))
    assert {each.works.way.message for each in shown} == {
        way.message for way in ways_of(compile_named(plan)) if way.unbuilt is None
    }
    assert [(each.works.way, each.works.why) for each in shown if each.works.status != "works"] == []
    assert [(each.works.way, each.at, each.constant.why) for each in shown if not fails_there(each)] == []


def test_every_check_has_its_proof():
    assert set(SEEN) == set(CHECKS.values())
    assert set(SHARED) <= set(SEEN)


def test_every_message_that_is_checked_is_driven_in_a_plan_and_so_proven():
    driven_in = {way.message for plan in PLANS for way in ways_of(compile_named(plan)) if way.unbuilt is None}
    assert set(CHECKS) == driven_in


def test_a_constant_keeps_what_things_are_called_and_nothing_that_is_told_of_them():
    shown = {
        "rows": [{"id": "b1", "fen": 5, "message": {"office": "gas", "title": {"en": "b"}}}, {"id": "b2", "fen": 6}],
        "as_of": "b",
    }
    other = {"rows": [{"id": "a1", "fen": 9, "message": {"office": "water", "title": {"en": "a"}}}], "as_of": "a"}
    assert constant(shown, other, NAMES) == {
        "rows": [
            {"id": "b1", "fen": 9, "message": {"office": "gas", "title": {"en": "a"}}},
            {"id": "b2", "fen": 9, "message": {"office": "water", "title": {"en": "a"}}},
        ],
        "as_of": "a",
    }
    assert constant(shown, {"rows": []}, NAMES) == {"rows": []}
    assert constant({"account_number": "b"}, {"account_number": "a"}, NAMES - TOLD["customer_profiles"]) == {
        "account_number": "a"
    }


def test_a_constant_is_the_answer_to_the_question_that_is_most_alike():
    source, memory = Source(STAFF, "marketing"), Memory()
    memory.found["bill", source] = {("bills", "a1"): "a bill", ("bills", "a1", "?part=a"): "its part"}
    memory.shown[source] = {("bills", "a1"): "a bill later", ("bills", "a1", "parts"): "its parts", ("meters", "a1"): "a meter"}
    assert memory.nearest(source, ("bills", "b1"), what="bill") == "a bill"
    assert memory.nearest(source, ("bills", "b1"), what="another") == "a bill later"
    assert memory.nearest(source, ("bills", "b1", "?part=b"), what="bill") == "its part"
    assert memory.nearest(source, ("bills", "b1", "parts"), what="bill") == "its parts"
    assert memory.nearest(source, ("meters", "b1"), what="bill") == "a meter"
    with pytest.raises(LookupError):
        memory.nearest(source, ("bills",), what="bill")
