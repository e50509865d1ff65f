"""What is counted of the plans that come with us, against the plan files read anew: by hand, with none of the code that compiles them."""

from collections import Counter
from functools import cache
from typing import Any

import pytest

from exchange.plan.cases import ROOT
from exchange.plan.test_plan_files import compiled
from metropool.core.yaml_text import read_yaml
from metropool.plan.compare import Measures, compare

NAMES = ("one", "one:indirect", "two", "transition")
FIGURES = {
    "one": (31, 35, 22, 40, 119),
    "one:indirect": (31, 35, 22, 40, 119),
    "two": (32, 29, 23, 39, 106),
    "transition": (31, 27, 21, 38, 101),
}
"""Systems, rows that carry something, links, messages, permissions of what runs."""


@cache
def written(name: str) -> Any:
    return read_yaml((ROOT / "plans" / f"{name.partition(':')[0]}.yaml").read_text(encoding="utf-8"))


@cache
def contract() -> Any:
    return read_yaml((ROOT / "plans" / "contract.yaml").read_text(encoding="utf-8"))


@cache
def said(name: str) -> frozenset[tuple[str, str, str, str]]:
    """Row, sender, message and receiver of all that runs."""
    plan, found = written(name), set()
    rows = {**{str(row): contract()["rows"][row] for row in plan["rows"]}, **plan["add"]}
    for row, entry in rows.items():
        left, right = entry["link"]
        unsaid = {*plan["not_yet"]["messages"], *plan["not_yet"].get("letters", {}).get(row, ())}
        for key, sender, receiver in (("up", left, right), ("down", right, left)):
            for message in (*entry.get(key, ()), *entry.get(f"{key}_inferred", ())):
                if message not in unsaid:
                    found.add((row, sender, message, receiver))
    return frozenset(found)


def ways(name: str) -> set[tuple[str, str, str]]:
    """Sender, message and receiver, once whatever rows list them."""
    return {(sender, message, receiver) for _, sender, message, receiver in said(name)}


def links(name: str) -> set[frozenset[str]]:
    return {frozenset((sender, receiver)) for _, sender, _, receiver in said(name)}


def party_of(name: str, system: str) -> str:
    variant = name.partition(":")[2]
    of = written(name)
    hands = of.get("variants", {}).get(variant or next(iter(of.get("variants", {})), ""), {}).get("operated_by", {})
    party = contract()["systems"][system]["party"]
    return str(hands.get(system) or of["operators"].get(party, party))


def running(name: str) -> Measures:
    return compare(compiled(name)).running


@pytest.mark.parametrize("name", NAMES)
def test_sizes(name: str) -> None:
    counted = (
        len(written(name)["systems"]),
        len({row for row, *_ in said(name)}),
        len(links(name)),
        len({message for _, _, message, _ in said(name)}),
        len(ways(name)),
    )
    told = running(name)
    assert (told.systems, told.rows, told.links, told.messages, told.letters) == counted == FIGURES[name]


@pytest.mark.parametrize("name", NAMES)
def test_crossings(name: str) -> None:
    zones = {system: entry.get("zone", "field") for system, entry in contract()["systems"].items()}
    pairs = Counter(tuple(sorted(zones[end] for end in link)) for link in links(name))
    assert running(name).crossings == {pair: count for pair, count in pairs.items() if len(set(pair)) > 1}


@pytest.mark.parametrize("name", NAMES)
def test_who_sees_personal_data(name: str) -> None:
    messages = {**contract()["messages"], **written(name)["add_messages"]}
    seen: dict[str, set[str]] = {}
    for _, sender, message, receiver in said(name):
        for end in (sender, receiver):
            if messages[message].get("personal"):
                seen.setdefault(party_of(name, end), set()).add(end)
    assert {party: set(systems) for party, systems in running(name).sees.items()} == seen


def test_hands_differ_where_the_plans_do() -> None:
    sees = {name: running(name).sees for name in NAMES}
    assert "community_system" in sees["one"]["grid"] and "community_system" not in sees["one:indirect"]["grid"]
    assert [name for name in NAMES if "third_party" in sees[name]] == ["two"]
    assert "smart_use_platform" in sees["transition"]["grid"] and "data_pool" in sees["two"]["pool_operator"]
    assert not [name for name in NAMES if "carrier" in sees[name]]


@pytest.mark.parametrize("name", NAMES)
def test_stopping_a_system_silences_at_least_what_it_says_and_hears_itself(name: str) -> None:
    own = Counter(end for sender, _, receiver in ways(name) for end in (sender, receiver))
    stops = {stop.system: stop.silenced for stop in running(name).stops}
    assert set(own) <= set(stops)
    assert all(stops[system] >= count for system, count in own.items())


@pytest.mark.parametrize("name", NAMES)
def test_what_stops_with_the_hub_is_what_begins_there_or_passes_it(name: str) -> None:
    """Told on along every way that does not touch it, from where a message begins: what is left over is what it takes down."""
    hub = compiled(name).host_of("settlement")
    messages = {**contract()["messages"], **written(name)["add_messages"]}
    left, before = set[tuple[str, str, str]](), -1
    while len(left) > before:
        before = len(left)
        has = {(receiver, message) for _, message, receiver in left}
        told = [way for way in ways(name) if hub not in (way[0], way[2])]
        left |= {way for way in told if way[0] in messages[way[1]]["from"] or way[:2] in has}
    (stop,) = [stop for stop in running(name).stops if stop.system == hub]
    assert stop.silenced == len(ways(name)) - len(left)
