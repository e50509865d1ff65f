"""One gateway program in every plan: what it says reaches whom the plan lists, and nobody else."""

import asyncio
from pathlib import Path

import pytest

from exchange.gateways.house import HOME, hosted, until
from exchange.gateways.test_orders import order, outcome

HOSTS = {"transition": "smart_use_platform"}


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
