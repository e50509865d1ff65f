"""A plan in which each community hosts the homes in it: a gateway comes in at its own, which alone hears it, tells it and puts it out."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from exchange.gateways.house import HOME, OTHER, Hosted, hosted, said, until
from exchange.gateways.test_door import STATE, refused
from exchange.plan.test_instances import CITY
from metropool.capabilities.admission import operations as admission
from metropool.plan.gateways import DROP, KNOCK
from metropool.runtime.instances import instances_of, write_instances
from metropool.runtime.systems import compile_named

ONE, TWO = "community_system_1", "community_system_2"
HERE, THERE = f"{ONE}/{HOME}", f"{TWO}/{OTHER}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_instances(tmp_path, instances_of(compile_named("one"), CITY))
    return tmp_path


def test_each_comes_in_under_its_own_host_only(folder: Path) -> None:
    async def run() -> None:
        async with hosted(folder, plan="one") as town:
            assert town.gateways.hosts == (ONE, TWO)
            for name, other in ((HERE, THERE), (THERE, HERE)):
                assert not await refused(town, name, town.secrets[name])
                home, host = town.gateways.gateway_of(name), town.gateways.host_of(other)
                for stranger in (f"{host}/{home}", home, f"nobody/{home}", f"{host}/"):
                    assert await refused(town, stranger, town.secrets[name]), stranger

    asyncio.run(run())


def test_what_it_says_is_heard_there_and_nowhere_else(folder: Path) -> None:
    async def run() -> None:
        async with hosted(folder, plan="one") as town:
            here, there = await town.come_in(HERE), await town.come_in(THERE)
            for topic in (f"home/{THERE}/down/#", f"home/{TWO}/#", "home/+/+/down/#"):
                assert not await here.subscribe(topic), topic
            await here.publish(f"home/{THERE}/up/home_state", said("forged", **STATE))
            await here.publish(f"home/{HERE}/up/home_state", said("own", **STATE))
            await there.publish(f"home/{THERE}/up/home_state", said("theirs", **STATE))
            await until(lambda: town.states(HOME, system=ONE))
            await until(lambda: town.states(OTHER, system=TWO))
            assert await town.states(OTHER, system=ONE) == await town.states(HOME, system=TWO) == {}
            await here.close()
            await there.close()

    asyncio.run(run())


def test_a_host_puts_out_its_own_and_no_other_s(folder: Path) -> None:
    async def run() -> None:
        async with hosted(folder, plan="one") as town:
            here, there = await town.come_in(HERE), await town.come_in(THERE)
            assert await town.desks[TWO].door.drop("home", HOME) == 0
            await ask_in_vain(town, TWO, f"{DROP}.{ONE}", HERE.encode())
            await ask_in_vain(town, TWO, f"{KNOCK}.{ONE}", b"{}")
            revoke = partial(admission.revoke_credential, per="home", name=OTHER)
            await town.desks[TWO].node.write("admission", lambda work: revoke(work=work))
            await asyncio.wait_for(there.ended(), 10)
            assert await refused(town, THERE, town.secrets[THERE])
            await here.publish(f"home/{HERE}/up/home_state", said("still", **STATE))
            await until(lambda: town.states(HOME, system=ONE))
            await here.close()

    asyncio.run(run())


async def ask_in_vain(town: Hosted, system: str, subject: str, data: bytes) -> None:
    """A system may not ask what is another's to ask: nobody hears it."""
    client = town.desks[system].door._client
    with pytest.raises(Exception, match=r"(?i)permission|timeout|no responders|nats"):
        await client.request(subject, data, timeout=0.5)
