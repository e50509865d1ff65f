"""One gateway program in every plan: what it says reaches whom the plan lists, and nobody else."""

import asyncio
from pathlib import Path

import pytest

from exchange.gateways.house import HOME, hosted, until
from exchange.gateways.test_orders import order, outcome
from metropool.exchange.envelope import open_envelope

HOSTS = {
    "one": "community_system",
    "one:indirect": "community_system",
    "two": "third_party_cloud",
    "transition": "smart_use_platform",
}


@pytest.mark.parametrize("plan", HOSTS)
def test_energy_and_the_plug_get_through_to_whoever_hosts_the_home(tmp_path: Path, plan: str) -> None:
    async def run() -> None:
        async with hosted(tmp_path, plan=plan) as town, town.gateway() as (_, terminal):
            assert town.gateways.host == HOSTS[plan]

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
            assert set(town.desks) == {"third_party_cloud", "data_pool"}
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
