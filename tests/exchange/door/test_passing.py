"""What a system is told and did not begin goes on by the rows of the plan, and a receiver knows where it began."""

import msgspec
import pytest

from exchange.door.city import NOW, opened
from metropool.capabilities.settlement.standing import tell_standing
from metropool.exchange.envelope import Step, from_bytes
from metropool.plan.compile import compile_plan
from metropool.plan.load import load_contract, load_plan, plan_path
from metropool.runtime.capabilities import CAPABILITIES
from metropool.runtime.systems import facts_of

SERVICES = ("electricity", "water", "gas")
PLANS = ("one", "one:indirect", "two", "transition")
RELAYS = {
    "one": {"community_system": "metering", "building_system": "demand_response", "demand_response": "data_pool"},
    "two": {"community_system": "data_pool", "building_system": "data_pool"},
    "transition": {"community_system": "smart_use_platform", "building_system": "smart_use_platform"},
}


def heard(city, system):
    """Phrase, sender and where it began of every letter at a door."""
    letters = city.nodes[system].read_now("door", lambda work: work.letters.after(0, limit=100, most_bytes=1 << 30))
    return {(one.envelope.phrase, one.envelope.sender, one.envelope.speaker) for one in letters}


@pytest.mark.parametrize("plan", PLANS)
def test_announcements_reach_communities_and_buildings_through_the_plan(tmp_path, plan):
    with opened(tmp_path, plan) as city:
        began = {service: city.announce(service) and city.office_of(service).system for service in SERVICES}
        city.carry()
        for system, relay in RELAYS[plan.partition(":")[0]].items():
            said = {(f"{service}_announcements", relay, began[service]) for service in SERVICES}
            assert {one for one in heard(city, system) if "announcements" in one[0]} == said
        assert all(city.parked(system) == [] for system in city.nodes)


@pytest.mark.parametrize("plan", PLANS)
def test_payment_status_reaches_communities_and_buildings(tmp_path, plan):
    with opened(tmp_path, plan) as city:
        city.hub.write_now("settlement", lambda work: tell_standing(work=work, accounts=["GZ1"]))
        city.hub.write_now("settlement", lambda work: tell_standing(work=work, accounts=["GZ1"]))
        city.carry()
        found = [one for one in heard(city, "building_system") if one[0] == "payment_status"]
        relay = RELAYS[plan.partition(":")[0]]["building_system"]
        assert found == [("payment_status", relay, city.hub.system)]


class TestProvenance:
    def told(self, city):
        """The letter of a water announcement at the community's door."""
        city.announce("water")
        city.carry()
        (letter,) = city.nodes["community_system"].read_now("door", lambda work: work.letters.after(0, limit=9, most_bytes=1))
        return letter.envelope

    def again(self, city, **changed):
        sealed = msgspec.structs.replace(self.told(city), id="another", **changed)
        city.broker.store(sealed.sender, sealed)
        city.carry()
        return city.parked("community_system")

    def test_names_every_letter_it_was_before(self, tmp_path):
        with opened(tmp_path, "one") as city:
            passed = self.told(city).through
            assert [step.system for step in passed] == ["water_system", "data_pool"]
            stream = {from_bytes(data).id for data in (entry[2] for entry in city.broker.streams["data_pool"])}
            assert passed[0].letter in stream

    def test_a_relay_cannot_speak_for_itself(self, tmp_path):
        with opened(tmp_path, "one") as city:
            (reason,) = self.again(city, through=())
            assert reason == "water_announcements of metering begins with water_system, not with metering"

    def test_a_relay_cannot_say_it_began_where_it_cannot_have(self, tmp_path):
        with opened(tmp_path, "one") as city:
            (reason,) = self.again(city, through=(Step(system="gas_system", letter="x"),))
            assert "begins with water_system, not with gas_system" in reason


def test_what_comes_twice_goes_on_once_and_never_back(tmp_path):
    with opened(tmp_path, "two") as city:
        city.announce("water")
        city.carry()
        data = city.broker.streams["data_pool"][-1]
        city.broker.store("water_system", from_bytes(data[2]))
        city.carry()
        assert len(heard(city, "community_system")) == 1
        assert len(city.broker.streams["community_system"]) == 1
        assert "water_system" not in city.broker.streams


def test_a_plan_in_which_something_comes_back_is_refused(tmp_path):
    text = plan_path("one").read_text(encoding="utf-8")
    ring = (
        "add:\n  X.1: {link: [metering, demand_response], up: [water_announcements], down: [water_announcements], src: product}\n"
    )
    ring += "  X.2: {link: [demand_response, data_pool], up: [water_announcements], src: product}\n"
    path = tmp_path / "ring.yaml"
    path.write_text(text.replace("add:\n", ring), encoding="utf-8")
    found = compile_plan(load_plan(path), load_contract(plan_path("contract")), facts_of(CAPABILITIES))
    circles = {(fault.values["system"], fault.what()) for fault in found.faults if fault.key == "passed_in_circle"}
    assert {system for system, _ in circles} == {"metering", "demand_response", "data_pool"}
    assert ("metering", "what metering passes on of water_announcements comes back to it") in circles


def test_status_is_told_when_it_changes_only(tmp_path):
    with opened(tmp_path, "two") as city:
        for _ in range(3):
            city.hub.write_now("settlement", lambda work: tell_standing(work=work, accounts=["GZ1", "GZ2"]))
        assert len([one for _, one in city.hub.unsent(limit=99) if one.receiver == "building_system"]) == 1
        assert city.hub.read_now("settlement", lambda work: work.dues.standings(["GZ1"])) == {"GZ1": "paid"}
        assert city.clock.now() == NOW
