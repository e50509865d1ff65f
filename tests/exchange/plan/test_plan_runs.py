"""The spine runs under each plan: readings become bills, bills one bill, a payment reaches each company; nothing unlisted passes."""

import asyncio
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from msgspec import structs

from exchange.carrying import carry_all
from metropool.capabilities.billing import operations as billing
from metropool.capabilities.settlement import operations as settlement
from metropool.capabilities.settlement import payments
from metropool.capabilities.settlement.model import PaymentNotice
from metropool.core.clock import VirtualClock, monotonic_s
from metropool.core.errors import Forbidden, NotFound
from metropool.core.identifiers import SeededIds
from metropool.core.quantities import reading_type
from metropool.exchange.envelope import Envelope, from_bytes
from metropool.exchange.memory import MemoryBroker
from metropool.exchange.messages import ROWS, BlocksSealed
from metropool.facts.registry import tables as registry
from metropool.plan.compiled import Compiled
from metropool.plan.schema import Letter
from metropool.runtime.demo.logins import posts
from metropool.runtime.node import Node
from metropool.runtime.portal import Facts
from metropool.runtime.settings import Settings
from metropool.runtime.systems import open_node
from metropool.runtime.topology import TopologyDesk
from plans import compiled_once

NOW = datetime(2026, 7, 1, 2, tzinfo=UTC)
JUNE, ACCOUNT = date(2026, 6, 1), "GZ1"
SUPPLY = {
    "electricity": ("grid", "guangzhou_residential_electricity", "electricity_forward_register", 8),
    "water": ("water", "guangzhou_residential_water", "water_register", 1),
    "gas": ("gas", "guangzhou_residential_gas", "gas_register", 1),
}
"""Service to company, tariff, register, and what is used each day [kWh or m³]."""


@dataclass
class City:
    """All nodes of a plan, and the exchange in memory that obeys it."""

    compiled: Compiled
    nodes: dict[str, Node]
    broker: MemoryBroker
    bill: dict[str, Any] = field(default_factory=dict)

    @property
    def hub(self) -> Node:
        return self.nodes[str(self.compiled.host_of("settlement"))]

    def billing_of(self, service: str) -> Node:
        nodes = (node for node in self.nodes.values() if "billing" in node.hosted)
        return next(node for node in nodes if service in node.hosted["billing"].rows)

    def carry(self) -> None:
        """Relay until nothing waits."""
        asyncio.run(carry_all(self.nodes, self.broker))


@pytest.fixture(scope="module", params=["one", "two", "transition"])
def city(tmp_path_factory, request) -> Iterator[City]:
    """A city in which a home has its bill of June."""
    tmp_path = tmp_path_factory.mktemp("city")
    compiled = compiled_once(request.param)
    nodes: dict[str, Node] = {}
    for name in compiled.nodes():
        nodes[name] = open_node(name, compiled=compiled, settings=Settings(home=tmp_path))
        nodes[name].clock, nodes[name].ids = VirtualClock(NOW), SeededIds(1)
    allowed = frozenset((letter.sender, letter.message, letter.receiver) for letter in compiled.letters)
    made = City(compiled, nodes, MemoryBroker(allowed=allowed, chance=SeededIds(1)))
    made.hub.write_now("settlement", lambda work: work.registry.add(registry.supply_agreement, agreements()))
    begin(made)
    made.bill = bill(made)
    yield made
    for node in nodes.values():
        node.close()


def agreements() -> list[dict[str, Any]]:
    return [
        {
            "account_number": f"{company}-1",
            "party": "p",
            "usage_point": f"{service}-1",
            "supplier": company,
            "tariff": tariff,
            "category": "residential",
            "options": {},
            "combined_account": ACCOUNT,
            "valid_from": "2020-01-01",
            "valid_to": None,
        }
        for service, (company, tariff, _, _) in SUPPLY.items()
    ]


def blocks(service: str) -> pa.Table:
    """June of one meter, a block a day."""
    _, _, register, daily = SUPPLY[service]
    found = reading_type(register)
    unit = 10**-found.scale if found.scale < 0 else 10**found.scale
    rows = []
    for number in range(30):
        day = JUNE + timedelta(days=number)
        rows.append(
            {
                "service": service,
                "usage_point": f"{service}-1",
                "device_number": f"{service}-meter",
                "reading_type": found.id,
                "business_date": day,
                "version": 1,
                "start": int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) - 8 * 3600,
                "interval_s": 86_400,
                "values": [daily * unit],
                "quality": None,
                "register_start": (1000 + number * daily) * unit,
                "register_end": (1000 + (number + 1) * daily) * unit,
            }
        )
    return pa.Table.from_pylist(rows, schema=ROWS[BlocksSealed])


def begin(city: City) -> None:
    """Each company knows its customer and bills June."""
    for service, (company, tariff, register, _) in SUPPLY.items():

        def assign(work: Any, service=service, company=company, tariff=tariff, register=register) -> None:
            billing.assign_tariff(
                work=work,
                account_number=f"{company}-1",
                usage_point=f"{service}-1",
                combined_account=ACCOUNT,
                tariff=tariff,
                register=register,
                valid_from=JUNE,
            )
            billing.schedule_bill_runs(work=work, service=service, first_month=JUNE, day=1)

        city.billing_of(service).write_now("billing", assign)


def bill(city: City) -> dict[str, Any]:
    """Readings are told, companies bill, the hub makes one bill of three."""
    metering = city.nodes["metering"]
    for service in SUPPLY:
        metering.write_now("metering", lambda work, s=service: work.tell(BlocksSealed(rows=blocks(s)), key=f"june-{s}"))
    city.carry()
    for service in SUPPLY:
        node = city.billing_of(service)
        while node.write_now("billing", lambda work: billing.advance_bill_runs(work=work))[0] is not None:
            pass
    city.carry()
    city.hub.write_now("settlement", lambda work: settlement.issue_combined_bills(work=work))
    (made,) = city.hub.read_now("settlement", lambda work: work.dues.combined_bills())
    return dict(made)


def pay(city: City) -> str:
    """The home pays the whole bill through a channel; what the channel says a second time is known."""
    dues = city.hub.read_now("settlement", lambda work: work.dues.dues(combined_account=ACCOUNT))
    order = {"order": "P1", "combined_account": ACCOUNT, "bill_numbers": [due["bill_number"] for due in dues]}
    amount_fen = city.bill["total_fen"]
    if all(due["paid_fen"] == 0 for due in dues):
        opened = {**order, "amount_fen": amount_fen, "channel": "citypay"}
        city.hub.write_now("settlement", lambda work: payments.open_payment(work=work, **opened))
    paid = PaymentNotice(channel="citypay", reference="R1", order="P1", amount_fen=amount_fen, currency="CNY", status="paid")
    answer, _ = city.hub.write_now("settlement", lambda work: payments.receive_notice(work=work, notice=paid))
    city.carry()
    return str(answer)


def test_a_reading_becomes_a_bill_and_is_paid(city: City) -> None:
    made = city.bill
    parts = {part["service"]: part for part in json.loads(made["content"])["parts"]}
    assert {service: part["quantity"] for service, part in parts.items()} == {"electricity": "240", "water": "30", "gas": "30"}
    assert made["total_fen"] == sum(part["amount_fen"] for part in parts.values()) > 0
    assert pay(city) == "posted"
    for service, (company, _, _, _) in SUPPLY.items():
        balances = dict(city.billing_of(service).read_now("billing", lambda work: work.ledger.trial_balance()))
        assert balances[f"receivable/{company}-1"] == 0
        assert sum(balances.values()) == 0


def test_what_passed_was_listed_and_everything_else_is_refused(city: City) -> None:
    pay(city)
    carried = {Letter(sender, phrase, to) for to, stream in city.broker.streams.items() for sender, phrase, _ in stream}
    hub = str(city.hub.system)
    assert (
        {
            Letter("metering", "meter_data", hub),
            Letter("metering", "usage_for_billing", "marketing"),
            Letter(hub, "meter_data", "water_system"),
            Letter("gas_system", "gas_bills", hub),
            Letter(hub, "combined_bill_payments", "marketing"),
        }
        <= carried
        <= city.compiled.letters
    )
    raw = next(raw for _, _, raw in city.broker.streams[hub])
    refused = asyncio.run(refusals(city, from_bytes(raw)))
    nodes = city.compiled.nodes()
    assert len(refused) == len(nodes) ** 2 * len(city.compiled.whole.messages) - len(city.compiled.letters)


def test_the_site_tells_who_hosts_what(city: City, tmp_path) -> None:
    site = Facts(city.nodes, settings=Settings(home=tmp_path), compiled=city.compiled).site(now=NOW)
    assert site.hosted_by["settlement"] == site.hosted_by["sharing"] == [city.hub.system]
    assert site.hosted_by["billing"] == ["marketing", "water_system", "gas_system", "heat_system"]
    assert {system.id for system in site.systems} == set(city.compiled.nodes())


def topology_of(city: City, *, without: str = "", **asked: Any) -> Any:
    def desk(work: Any) -> Any:
        plans = ("one:direct", "one:indirect", "two", "transition")
        running = city.compiled.name
        made = TopologyDesk(
            work,
            running=running,
            plans=plans,
            compiled_of=lambda plan: city.compiled if plan == running else compiled_once(plan),
            nodes={name: node for name, node in city.nodes.items() if name != without},
        )
        return made.topology(**({"plan": None, "whole": False} | asked))

    return city.hub.read_now("sharing", desk)


def test_the_topology_of_the_running_plan_is_what_passed(city: City) -> None:
    shown = topology_of(city)
    hub = str(city.hub.system)
    edges = {edge.id: edge for edge in shown.edges}
    assert (shown.plan.id, shown.running) == (city.compiled.name, city.compiled.name)
    assert edges[f"metering>{hub}"].state == "flowing"
    assert edges[f"metering>{hub}"].delivered >= 3
    assert edges[f"metering>{hub}"].delay_s is not None
    assert {edge.provenance for edge in shown.edges} == {"paper", "inferred", "product"}
    assert all(node.state == "up" for node in shown.nodes if node.running)
    assert {node.id for node in shown.nodes if node.running} == set(city.compiled.nodes())


def test_what_goes_by_frames_or_calls_is_not_called_idle(city: City) -> None:
    edges = {edge.id: edge for edge in topology_of(city).edges}
    for beside in ("meters>metering", f"user_app>{city.hub.system}"):
        assert (edges[beside].state, edges[beside].delivered) == ("uncounted", None)
    idle = [edge for edge in edges.values() if edge.state == "idle"]
    assert idle
    assert all(edge.delivered is not None for edge in idle)


@contextmanager
def heard(city: City, system: str, *, ago_s: float | None) -> Iterator[None]:
    """The broker is there for a minute, and everyone heard a system so long ago, or never."""
    now_s = monotonic_s()
    for node in city.nodes.values():
        node.neighbours.since_s = now_s - 60
        node.neighbours.heard_s = {system: now_s - ago_s} if ago_s is not None else {}
    yield
    for node in city.nodes.values():
        node.neighbours.since_s, node.neighbours.heard_s = None, {}


@pytest.mark.parametrize(("ago_s", "state", "edge"), [(1.0, "up", "flowing"), (8.0, "down", "broken"), (None, "down", "broken")])
def test_a_system_elsewhere_is_there_while_it_is_heard(city: City, ago_s: float | None, state: str, edge: str) -> None:
    hub = str(city.hub.system)
    with heard(city, "metering", ago_s=ago_s):
        shown = topology_of(city, without="metering")
    node = next(node for node in shown.nodes if node.id == "metering")
    found = {each.id: each for each in shown.edges}[f"metering>{hub}"]
    assert (node.state, node.running, node.last_seen_at is None) == (state, False, ago_s is None)
    assert (found.state, found.delivered >= 3) == (edge, True)


def test_nobody_is_called_down_while_the_broker_is_away(city: City) -> None:
    shown = topology_of(city, without="metering")
    assert next(node.state for node in shown.nodes if node.id == "metering") == "unheard"
    assert "broken" not in {edge.state for edge in shown.edges}


def test_what_is_not_built_is_drawn_when_asked_for(city: City) -> None:
    built, whole = topology_of(city), topology_of(city, whole=True)
    unbuilt = {node.id for node in whole.nodes if node.state == "not_built"}
    assert unbuilt == set(city.compiled.whole.systems) - set(city.compiled.systems)
    assert not unbuilt & {node.id for node in built.nodes}
    assert any(edge.state == "not_built" for edge in whole.edges)
    said = {(edge.source, name.id, edge.target): name.built for edge in whole.edges for name in edge.messages}
    assert {letter for letter, is_built in said.items() if is_built} == set(city.compiled.allowed)


def test_another_plan_is_drawn_and_nothing_of_it_runs(city: City) -> None:
    other = "two" if city.compiled.plan != "two" else "one:indirect"
    shown = topology_of(city, plan=other)
    assert (shown.plan.id, shown.running) == (other, city.compiled.name)
    assert {edge.state for edge in shown.edges} <= {"not_run", "not_built"}
    assert not any(node.running for node in shown.nodes)
    with pytest.raises(NotFound, match="no plan is called 'three'"):
        topology_of(city, plan="three")


def test_the_staff_of_a_demo_work_where_their_work_is_hosted(city: City) -> None:
    rows = {name: {each: of.rows for each, of in node.hosted.items()} for name, node in city.nodes.items()}
    systems = {post.login: post.system for post in posts(list(rows), lambda name, capability: rows[name].get(capability))}
    assert systems["cashier"] == city.hub.system
    assert (systems["operator"], systems["waterworks"], systems["gasworks"]) == ("metering", "water_system", "gas_system")


async def refusals(city: City, envelope: Envelope) -> set[Letter]:
    """Every letter between nodes that the exchange refuses, each tried; what it lets through is listed."""
    refused = set()
    nodes = city.compiled.nodes()
    for sender, message, receiver in itertools.product(nodes, city.compiled.whole.messages, nodes):
        letter = Letter(sender, message, receiver)
        try:
            await city.broker.exchange(sender).deliver(
                structs.replace(envelope, sender=sender, phrase=message, receiver=receiver)
            )
        except Forbidden:
            refused.add(letter)
        else:
            assert letter in city.compiled.letters
    return refused
