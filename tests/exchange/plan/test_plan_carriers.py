"""Every message that runs has something that carries it, and that is there: a class, an operation of a capability hosted there, a frame."""

import importlib
import inspect
import json
import re
from pathlib import Path

import pytest

from exchange.plan.cases import CONTRACT, ROOT
from exchange.plan.test_plan_files import PLANS, compiled
from metropool.capabilities.settlement.adapters.channel import HttpChannel
from metropool.exchange.described import KINDS
from metropool.plan.asyncapi import describe
from metropool.plan.carriers import Medium, medium_of
from metropool.plan.commands import check
from metropool.plan.compiled import Compiled
from metropool.plan.load import load_contract
from metropool.plan.schema import Letter
from metropool.portal.routes import SYSTEM_ROOMS
from metropool.runtime.capabilities import CAPABILITIES
from metropool.runtime.systems import facts_of

SERVED = {f"{route.method} {route.path}": room.of for room in SYSTEM_ROOMS for route in room.routes}
"""Operation to the capability whose hosts answer it."""
FRAMES = {
    "sealed": ("metropool.devices.sealed.wire",),
    "meters": ("metropool.devices.gdw1376", "metropool.devices.dlt645", "metropool.devices.cjt188"),
}
CALLED = (ROOT / "src" / "cityinabox" / "PAYMENT.md").read_text(encoding="utf-8")


def by_medium(plan: Compiled, *media: Medium) -> list[Letter]:
    systems = plan.running.systems
    return [way for _, way in plan.running.said if medium_of(systems[way.sender], systems[way.receiver]) in media]


@pytest.mark.parametrize("name", PLANS)
def test_letters_gateways_and_homes_speak_in_classes(name: str) -> None:
    plan = compiled(name)
    spoken = by_medium(plan, "letter", "mqtt", "indoors")
    assert len(spoken) > 60
    assert {plan.running.messages[way.message].carried_by for way in spoken} <= set(KINDS)


@pytest.mark.parametrize("name", PLANS)
def test_apps_and_outside_parties_meet_operations_that_a_capability_hosted_there_answers(name: str) -> None:
    plan = compiled(name)
    met = by_medium(plan, "http")
    assert {"combined_bill", "resident_payment", "payment_order", "payment_notice", "consents"} <= {way.message for way in met}
    for way in met:
        entry = plan.running.messages[way.message]
        node = next(end for end in (way.sender, way.receiver) if plan.running.systems[end].kind == "node")
        assert set(entry.http) <= set(SERVED), way
        answers = [operation for operation in entry.http if SERVED[operation] in plan.running.systems[node].hosts]
        assert answers or entry.calls, way
        verbs = {operation.partition(" ")[0] for operation in answers}
        assert not verbs or verbs == ({"GET"} if way.sender == node else {"POST"}), way


def test_what_residents_say_over_the_api_is_evidence_under_its_own_name() -> None:
    messages = load_contract(CONTRACT).content.messages
    said = {
        operation: name
        for name, entry in messages.items()
        for operation in entry.http
        if operation.startswith("POST /households/{a}/")
    }
    noted = {f"{route.method} {route.path}": route.phrase for room in SYSTEM_ROOMS for route in room.routes if route.phrase}
    assert said.items() <= noted.items()
    assert set(noted.values()) == {"resident_payment", "consents", "home_commands"}
    assert all(route.right.scope == "account" for room in SYSTEM_ROOMS for route in room.routes if route.phrase)


def test_what_we_call_is_in_the_protocol_of_whoever_answers() -> None:
    orders = [operation for entry in load_contract(CONTRACT).content.messages.values() for operation in entry.calls]
    assert orders == ["POST /orders"]
    assert "| `POST /orders` |" in CALLED
    assert re.search(r'_call\(\s*"POST", "/orders"', inspect.getsource(HttpChannel.create_order))


@pytest.mark.parametrize("name", PLANS)
def test_frames_are_read_by_a_codec_that_is_there(name: str) -> None:
    plan = compiled(name)
    framed = {way.message: plan.running.messages[way.message].frames for way in by_medium(plan, "frames")}
    assert framed == {
        "sealed_frames": "sealed",
        "meter_data": "meters",
        "meter_control": "meters",
        "meter_on_demand_read": "meters",
        "meter_profile": "meters",
    }
    assert all(importlib.import_module(module) for frames in framed.values() for module in FRAMES[str(frames)])


def test_no_message_that_runs_names_a_class_that_is_not_there() -> None:
    running = {
        way.message: compiled(name).running.messages[way.message] for name in PLANS for _, way in compiled(name).running.said
    }
    assert {entry.carried_by for entry in running.values()} <= {"", *KINDS}
    unlettered = {message for message, entry in running.items() if not entry.carried_by}
    assert unlettered == {
        "sealed_frames",
        "meter_on_demand_read",
        "meter_control",
        "meter_profile",
        "combined_bill",
        "resident_payment",
        "payment_order",
        "payment_notice",
    }


@pytest.mark.parametrize("name", PLANS)
def test_the_asyncapi_document_tells_what_is_no_letter(name: str) -> None:
    plan = compiled(name)
    told = json.loads(json.dumps(describe(plan)))["x-otherwise"]
    assert len(told) + len(by_medium(plan, "letter")) == len(plan.running.said)
    assert all(entry["as"] for entry in told)
    (paid,) = [entry for entry in told if entry["phrase"] == "resident_payment"]
    assert (paid["by"], paid["as"]) == ("http", ["POST /households/{a}/payments"])


def test_a_running_message_that_nothing_carries_is_a_fault(tmp_path: Path) -> None:
    text = CONTRACT.read_text(encoding="utf-8")
    for old, new, message in (
        ("calls: [POST /orders]", "is: CollectPayment", "payment_order"),
        ("from: [water_system], is: BillsIssued", "from: [water_system], is: BillsSent", "water_bills"),
        (", frames: sealed}", ", is: FramesCarried}", "sealed_frames"),
    ):
        assert text.count(old) == 1
        contract = tmp_path / "contract.yaml"
        contract.write_text(text.replace(old, new), encoding="utf-8")
        faults = check(plan=ROOT / "plans" / "two.yaml", contract=contract, capabilities=facts_of(CAPABILITIES)).faults
        assert message in {fault.values["message"] for fault in faults if fault.key == "no_carrier"}
