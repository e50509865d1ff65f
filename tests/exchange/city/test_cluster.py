"""A broker of three servers: the one that leads a stream is killed under load, nothing acknowledged is lost, nothing is done twice."""

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest

from exchange.city.cities import Brokers, certify, place, running_brokers
from exchange.city.towns import Town, eventually, served
from metropool.plan.broker import provisioner_of

TOWN = Town(ways=(("teller", "hearer"),), brokers={"city": ("teller", "hearer")})
SOAK = bool(os.environ.get("METROPOOL_SOAK"))
KILLS, LETTERS = (12, 400) if SOAK else (2, 40)


async def told_of(brokers: Brokers, system: str) -> dict:
    """What the broker says of a system's inbox stream."""
    user = provisioner_of(system)
    probe = await brokers.probe(user, account=system, url=brokers.sites.url("city"))
    answer = await probe.client.request(f"$JS.API.STREAM.INFO.inbox_{system}", b"", timeout=10)
    await probe.client.close()
    return dict(json.loads(answer.data))


async def leader_of(brokers: Brokers, system: str) -> str:
    async with asyncio.timeout(30):
        while True:
            try:
                if leader := (await told_of(brokers, system))["cluster"].get("leader"):
                    return leader
            except (KeyError, TimeoutError, OSError):
                await asyncio.sleep(0.1)


@pytest.mark.timeout(600 if SOAK else 120)
@pytest.mark.parametrize("tls", [True] if not SOAK else [True, False], ids=lambda tls: "TLS" if tls else "plain")
def test_the_leader_of_an_inbox_is_killed_under_load_and_nothing_is_lost_or_done_twice(tmp_path: Path, tls: bool) -> None:
    if tls:
        certify(tmp_path)

    async def run() -> None:
        async with running_brokers(place(tmp_path, servers={"city": 3}, tls=tls), TOWN) as brokers:
            found = await told_of(brokers, "hearer")
            assert (found["config"]["num_replicas"], len(found["cluster"]["replicas"])) == (3, 2)
            async with served(brokers, TOWN, "teller", "hearer") as nodes:
                teller, hearer = nodes["teller"], nodes["hearer"]
                for kill in range(KILLS):
                    before = len(hearer.heard)
                    telling = asyncio.ensure_future(teller.tell(*(f"{kill}/{number}" for number in range(LETTERS))))
                    await eventually(lambda before=before: len(hearer.heard) >= before + LETTERS // 4)
                    leader = brokers.servers[await leader_of(brokers, "hearer")]
                    restarts = leader.restarts
                    os.kill(leader.pid, signal.SIGKILL)
                    await telling
                    await eventually(lambda: teller.waiting() == 0, within_s=60)
                    await eventually(lambda leader=leader, restarts=restarts: leader.restarts > restarts, within_s=60)
                every = KILLS * LETTERS
                await eventually(lambda: hearer.taken() == every, within_s=60)
                assert sorted(set(hearer.heard)) == sorted(
                    f"{kill}/{number}" for kill in range(KILLS) for number in range(LETTERS)
                )
                assert len(hearer.heard) == every

    asyncio.run(run())
