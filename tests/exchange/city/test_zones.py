"""One broker a zone: what the configurations of all of them let through together is what the plan lists, and nothing else."""

import json
from itertools import product

import pytest

from exchange.plan.cases import CAPABILITIES, CONTRACT, ROOT
from metropool.core.errors import Invalid
from metropool.plan.broker import plan_broker
from metropool.plan.broker_file import BrokerSettings, render_broker
from metropool.plan.compile import compile_plan
from metropool.plan.load import load_contract, load_plan
from metropool.plan.schema import Letter
from metropool.plan.sites import Sites, blocks_of
from metropool.plan.subjects import subject_of
from metropool.plan.zones import split

PLANS = ("one", "two", "transition")


def compiled(plan: str):
    return compile_plan(load_plan(ROOT / "plans" / f"{plan}.yaml"), load_contract(CONTRACT), CAPABILITIES)


def whole(plan: str):
    """Everything the plan will be, as if all of it were built."""
    found = compiled(plan)
    nodes = [name for name, facts in found.whole.systems.items() if facts.kind == "node"]
    letters = [letter for letter in found.whole.letters if letter.sender in nodes and letter.receiver in nodes]
    return (
        plan_broker(nodes={name: found.whole.systems[name].front_end for name in nodes}, letters=letters),
        found.brokers,
        letters,
    )


def place(brokers) -> Sites:
    ports = {"port": 4222, "links": 7422, "gateways": 1883}
    servers = {
        name: [{"name": name, "host": "127.0.0.1"} | {kind: port + at for kind, port in ports.items()}]
        for at, name in enumerate(brokers)
    }
    return Sites.model_validate({"tls": False, "brokers": servers})


def configurations(broker, brokers) -> dict[str, dict]:
    """What each server is told, by the port for links that it is found at."""
    zones, sites = split(broker, brokers), place(brokers)
    configs = {}
    for name, zone in zones.items():
        keys = {user.name: user.name for user in zone.broker.users}
        seeds = {border.user.name: border.user.name for border in zone.dials}
        blocks = blocks_of(sites.brokers[name][0], zone=zone, sites=sites, seeds=seeds, tls=None)
        settings = BrokerSettings(port=4222, store="s", name=name, blocks=blocks)
        configs[name] = json.loads(render_broker(zone.broker, keys=keys, settings=settings))
    return configs


class Walk:
    """Follows a subject through configurations alone: no word of the code that wrote them."""

    def __init__(self, configs: dict[str, dict]) -> None:
        self.configs = configs
        self.by_port = {
            each["leafnodes"]["listen"].rpartition(":")[2]: n
            for n, each in configs.items()
            if "listen" in each.get("leafnodes", {})
        }

    def arrives(self, sender: str, subject: str) -> str | None:
        """The account whose stream keeps what a system publishes; None when it may not, or nobody takes it."""
        at = next(name for name, config in self.configs.items() if sender in config["accounts"])
        user = next((user for user in self.configs[at]["accounts"][sender]["users"] if user["nkey"] == sender), None)
        if user is None or subject not in user["permissions"]["publish"]["allow"]:
            return None
        return self._from(at, sender, subject)

    def _from(self, broker: str, account: str, subject: str) -> str | None:
        accounts = self.configs[broker]["accounts"]
        for way in accounts[account]["imports"]:
            if way["service"]["subject"] != subject:
                continue
            other = way["service"]["account"]
            if {"service": subject, "accounts": [account]} not in accounts[other]["exports"]:
                return None
            return self._over(broker, other, subject) if other.startswith("border-") else other
        return None

    def _over(self, broker: str, account: str, subject: str) -> str | None:
        """Over a link, in either direction, as far as its user is let."""
        for remote in self.configs[broker]["leafnodes"].get("remotes", []):
            if remote["account"] == account:
                there = self.by_port[remote["urls"][0].rpartition(":")[2]]
                name, user = self._login(there, remote["nkey"])
                return self._from(there, name, subject) if subject in user["publish"]["allow"] else None
        for there, config in self.configs.items():
            for remote in config.get("leafnodes", {}).get("remotes", []):
                if self.by_port[remote["urls"][0].rpartition(":")[2]] != broker:
                    continue
                name, user = self._login(broker, remote["nkey"])
                if name == account:
                    return self._from(there, remote["account"], subject) if subject in user["subscribe"]["allow"] else None
        return None

    def _login(self, broker: str, nkey: str):
        for name, account in self.configs[broker]["accounts"].items():
            for user in account["users"]:
                if user["nkey"] == nkey:
                    assert user["allowed_connection_types"] == ["LEAFNODE"]
                    return name, user["permissions"]
        raise AssertionError(f"{nkey} is nobody at {broker}")


@pytest.mark.parametrize("plan", PLANS)
def test_all_brokers_together_carry_what_the_plan_lists_and_nothing_else(plan):
    for broker, brokers, letters in (whole(plan), (compiled(plan).broker, compiled(plan).brokers, compiled(plan).letters)):
        walk = Walk(configurations(broker, brokers))
        tried = [Letter(*each) for each in product(broker.accounts, compiled(plan).whole.messages, broker.accounts)]
        carried = {letter for letter in tried if walk.arrives(letter.sender, subject_of(letter)) == letter.receiver}
        assert carried == set(letters)
        assert len(tried) > len(carried) * 10


@pytest.mark.parametrize("plan", PLANS)
def test_a_link_user_is_permitted_the_letters_of_its_border_and_receipts_only(plan):
    broker, brokers, letters = whole(plan)
    home = {system: name for name, systems in brokers.items() for system in systems}
    for zone in split(broker, brokers).values():
        for border in zone.hears:
            outward = {
                subject_of(each) for each in letters if (home[each.sender], home[each.receiver]) == (border.inner, border.outer)
            }
            inward = {
                subject_of(each) for each in letters if (home[each.sender], home[each.receiver]) == (border.outer, border.inner)
            }
            assert set(border.user.publish) == outward | beats_of(outward) | {"_R_.>"}
            assert set(border.user.subscribe) == inward | beats_of(inward) | {"_R_.>"}


def beats_of(subjects):
    """Of whoever says these letters to whoever hears them."""
    ends = {(subject.split(".")[3], subject.split(".")[0]) for subject in subjects}
    return {f"alive.{receiver}.{sender}" for sender, receiver in ends}


def test_the_inner_zone_dials_and_nobody_dials_it():
    broker, brokers, _ = whole("transition")
    zones = split(broker, brokers)
    assert [border.outer for border in zones["production"].dials] == ["management", "dmz"]
    assert zones["production"].hears == ()
    assert zones["dmz"].dials == ()


def test_each_stream_and_user_is_at_one_broker():
    broker, brokers, _ = whole("two")
    zones = split(broker, brokers).values()
    streams = [stream for zone in zones for stream in zone.broker.streams]
    assert sorted(streams, key=lambda each: each.name) == sorted(broker.streams, key=lambda each: each.name)
    users = [user for zone in zones for user in zone.broker.users if not user.account.startswith("border-")]
    assert sorted(user.name for user in users) == sorted(user.name for user in broker.users)


def test_a_plan_without_brokers_has_one():
    broker = compiled("transition").broker
    (zone,) = split(broker, {}).values()
    assert (zone.broker, zone.dials, zone.hears) == (broker, (), ())


def test_a_system_on_two_brokers_or_on_none_is_refused():
    broker = compiled("transition").broker
    with pytest.raises(Invalid, match="marketing is on the brokers a and b"):
        split(broker, {"a": broker.accounts, "b": ["marketing"]})
    with pytest.raises(Invalid, match="marketing: on no broker"):
        split(broker, {"a": [each for each in broker.accounts if each != "marketing"]})


def test_who_hears_gateways_it_does_not_vouch_for_is_at_the_broker_where_they_come_in():
    found = compiled("two")
    others = tuple(str(name) for name in found.nodes() if name != "third_party_cloud")
    with pytest.raises(Invalid, match=r"data_pool: speak with gateways that come in at another broker, cloud"):
        split(found.broker, {"cloud": ("third_party_cloud",), "rest": others})
