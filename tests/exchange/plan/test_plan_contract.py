"""The contract in our form says what the reference contract says, no more and no less."""

from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

import pytest
from ruamel.yaml import YAML

from exchange.plan.cases import CONTRACT, ROOT
from metropool.exchange.messages import MESSAGES
from metropool.plan.load import load_contract, load_plan
from metropool.plan.schema import Contract

FLOWS = ROOT.parent / "shared" / "flows.yaml"
needs_flows = pytest.mark.skipif(not FLOWS.is_file(), reason=f"the reference contract is not beside the checkout ({FLOWS})")


@cache
def reference() -> Any:
    return YAML(typ="safe").load(FLOWS.read_text(encoding="utf-8"))


@cache
def ours() -> Contract:
    return load_contract(CONTRACT).content


@needs_flows
class TestSameAsReference:
    def test_parties(self) -> None:
        assert {name: party.zh for name, party in ours().parties.items()} == {
            name: party["zh"] for name, party in reference()["parties"].items()
        }

    def test_systems_with_party_zone_and_plans(self) -> None:
        assert {n: (s.zh, s.party, s.zone, s.plans) for n, s in ours().systems.items()} == {
            n: (s["zh"], s["party"], s.get("zone", "field"), tuple(s.get("plans", ()))) for n, s in reference()["systems"].items()
        }

    def test_messages_and_where_they_begin(self) -> None:
        assert {name: [entry.zh, list(entry.begins)] for name, entry in ours().messages.items()} == reference()["messages"]

    def test_rows_in_every_key(self) -> None:
        given = {row.pop("id"): row for row in YAML(typ="safe").load(FLOWS.read_text(encoding="utf-8"))["flows"]}
        told = {name: YAML(typ="safe").load(row.model_dump_json(exclude_unset=True)) for name, row in ours().rows.items()}
        assert told == given

    def test_hosting(self) -> None:
        hosting = {
            name: {plan: list(hosts) if isinstance(hosts, tuple) else hosts for plan, hosts in by_plan.items()}
            for name, by_plan in ours().hosting.items()
        }
        assert hosting == reference()["hosting"]


def test_every_message_is_used_in_a_row() -> None:
    used = {letter.message for row in ours().rows.values() for letter in row.letters()}
    assert used == set(ours().messages)


def test_classes_are_fewer_than_phrases() -> None:
    classes = {entry.carried_by for entry in ours().messages.values()}
    assert len(ours().messages) == 72
    assert len(classes) <= 36
    bills = {name for name, entry in ours().messages.items() if entry.carried_by == "BillsIssued"}
    assert bills == {"electricity_bills", "water_bills", "gas_bills", "heat_bills"}


def test_examples_stand_under_the_paper_s_words() -> None:
    words: dict[str, dict[str, None]] = {}
    for entry in ours().messages.values():
        words.setdefault(entry.carried_by, {})[entry.zh] = None
    examples = files("metropool.exchange").joinpath("examples.yaml").read_text(encoding="utf-8").splitlines()
    above = {line.removesuffix(":"): before for before, line in pairwise(examples) if line.endswith(":") and line[0].isupper()}
    assert above == {kind.__name__: "# " + " · ".join(words[kind.__name__]) for kind in MESSAGES}


def test_the_transition_plan_accounts_for_every_row_the_contract_gives_it() -> None:
    plan = load_plan(ROOT / "plans" / "transition.yaml").content
    given = {name for name, row in ours().rows.items() if "transition" in row.plans}
    assert {"2.1", "2.3a", "2.3b", "3.1t", "3.2t", "8.3.1", "8.3.2", "8.3.4", "8.3.5", "G.1", "U.1t", "U.2t"} <= set(plan.rows)
    assert set(plan.rows) | set(plan.not_yet.rows) == given
    assert not set(plan.rows) & set(plan.not_yet.rows)
