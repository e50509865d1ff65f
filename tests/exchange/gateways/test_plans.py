"""One gateway program in every plan: what it says reaches whom the plan lists, and nobody else."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from exchange.gateways.house import HOME, HOUSEHOLDS, OTHER, hosted, until
from exchange.gateways.test_orders import order, outcome
from exchange.gateways.test_usage import enrol
from metropool.core.errors import NotFound
from metropool.exchange.envelope import open_envelope
from metropool.facts.registry.tables import supply_agreement
from metropool.portal.desks.residents.points import PointsDesk

HOSTS = {
    "one": "community_system",
    "one:indirect": "community_system",
    "two": "third_party_cloud",
    "transition": "smart_use_platform",
}


def agreed(work: Any) -> None:
    """The pool knows what the first household has agreed: at which home."""
    enrol(work)
    row = {"account_number": "W1", "usage_point": "water-1", "combined_account": HOUSEHOLDS[HOME], "valid_from": "2026-01-01"}
    words = {"party": "p1", "supplier": "water", "tariff": "t", "category": "residential", "options": {}, "valid_to": None}
    work.registry.add(supply_agreement, [{**row, **words}])


@pytest.mark.parametrize("plan", HOSTS)
def test_energy_and_the_plug_get_through_to_whoever_hosts_the_home(tmp_path: Path, plan: str) -> None:
    async def run() -> None:
        async with hosted(tmp_path, plan=plan) as town, town.gateway() as (_, terminal):
            assert town.gateways.hosts[0] == HOSTS[plan]

            async def told() -> bool:
                return {("plug", "switch"), ("main", "energy")} <= set(await town.states())

            await until(told)
            assert (await outcome(town, await order(town, 1, "k1"))).outcome == "done"
            await terminal.post("/edge/heatpump", json={"value": 1})
            await terminal.post("/edge/door", json={"value": 1})
            await until(town.events)
            assert await town.events() == [(f"{HOME}/door", "door_opened")], "a fault is no message to this host"

    asyncio.run(run())


def test_in_plan_two_the_pool_hears_security_faults_and_energy_and_no_states(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosted(tmp_path, plan="two") as town, town.gateway() as (_, terminal):
            assert {name for name, desk in town.desks.items() if "home" in desk.links} == {"third_party_cloud", "data_pool"}
            await terminal.post("/edge/heatpump", json={"value": 1})
            await terminal.post("/edge/door", json={"value": 1})

            async def both() -> bool:
                return len(await town.events("data_pool")) == 2

            await until(both)
            heard = [(f"{HOME}/heatpump", "circuit_fault"), (f"{HOME}/door", "door_opened")]
            assert await town.events("data_pool") == heard

            async def counted() -> bool:
                return ("main", "energy") in await town.states(system="data_pool")

            await until(counted)
            assert {item for _, item in await town.states(system="data_pool")} <= {"energy", "water", "gas"}
            assert "switch" in {item for _, item in await town.states()}
            pool = town.desks["data_pool"].node
            pool.write_now("points", agreed)
            shown = await pool.read("points", lambda work: PointsDesk(work).heard(account=HOUSEHOLDS[HOME]))
            assert {"main", "plug"} <= {each.point for each in shown.points}
            assert [(event.code, event.severity) for event in shown.events] == [
                ("door_opened", "info"),
                ("circuit_fault", "warning"),
            ]
            with pytest.raises(NotFound):
                await pool.read("points", lambda work: PointsDesk(work).heard(account=HOUSEHOLDS[OTHER]))

    asyncio.run(run())


def test_in_plan_one_only_what_endangers_leaves_the_community(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosted(tmp_path, plan="one") as town, town.gateway() as (_, terminal):
            await terminal.post("/edge/door", json={"value": 1})
            await terminal.post("/edge/smoke", json={"value": 1})

            async def told() -> bool:
                return bool(town.node.unsent(limit=9))

            await until(told)
            ((_, envelope),) = town.node.unsent(limit=9)
            assert (envelope.phrase, envelope.receiver) == ("community_security", "metering")
            message = open_envelope(envelope)
            assert message.place == HOME and message.rows["code"].to_pylist() == ["smoke_alarm"]

    asyncio.run(run())
