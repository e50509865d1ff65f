"""The link of a place to its city is cut: its own letters go on, those across wait in the outbox, and each comes once afterwards."""

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import pytest

from exchange.city.cities import HOST, running_brokers
from exchange.city.towns import Line, Town, eventually, served
from metropool.runtime.ports import free_ports
from metropool.runtime.settings import Settings

FAR = "127.0.0.2"
TOWN = Town(
    ways=(("gate", "hall"), ("gate", "pool"), ("pool", "gate")),
    brokers={"east_place": ("gate", "hall"), "city": ("pool",)},
)


def place_apart(home: Path) -> tuple[Settings, int, int]:
    """The city's server on another address than the one it is dialled at: what lies between is ours to cut."""
    near, port, links = free_ports(3)
    brokers = {
        "east_place": [{"name": "east-1", "host": HOST, "port": near}],
        "city": [{"name": "city-1", "host": HOST, "port": port, "links": links, "listen": FAR}],
    }
    file = home / "brokers.yaml"
    file.write_text(json.dumps({"tls": False, "brokers": brokers}))
    return Settings(home=home, broker=str(file)), port, links


@pytest.mark.parametrize("seed", [3])
def test_a_place_works_on_while_its_link_is_cut_and_delivers_each_letter_once_after(tmp_path: Path, seed: int) -> None:
    settings, port, links = place_apart(tmp_path)
    chance = Random(seed)

    async def run() -> None:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(Line(port, to=FAR))
            line = await stack.enter_async_context(Line(links, to=FAR))
            brokers = await stack.enter_async_context(running_brokers(settings, TOWN))
            found = await stack.enter_async_context(served(brokers, TOWN, "gate", "hall", "pool"))
            gate, hall, pool = (found[name] for name in ("gate", "hall", "pool"))
            told = 0
            for _ in range(3):
                # Letters are under way in both directions when the line is cut.
                telling = asyncio.gather(
                    gate.tell(*(f"{told + n}" for n in range(40))), pool.tell(*(f"{told + n}" for n in range(40)))
                )
                await asyncio.sleep(chance.uniform(0.0, 0.2))
                line.cut()
                await telling
                told += 40
                await gate.tell(f"cut {told}")
                await pool.tell(f"cut {told}")
                await eventually(lambda told=told: f"cut {told}" in hall.heard)
                assert gate.waiting() > 0
                assert f"cut {told}" not in pool.heard
                assert f"cut {told}" not in gate.heard
                line.mend()
                await eventually(lambda: gate.waiting() == pool.waiting() == 0)
            await eventually(lambda: hall.taken() == pool.taken() == gate.taken() == told + 3)
            for each in (hall, pool, gate):
                assert len(each.heard) == len(set(each.heard)) == told + 3

    asyncio.run(run())
