"""Who comes in, and what they may then say and hear."""

import asyncio
from pathlib import Path

import pytest

from cityinabox.gateway.wire import NotLetIn
from exchange.gateways.house import HOME, OTHER, PATIENCE_S, Hosted, hosted, said, until
from metropool.capabilities.admission import operations as admission
from metropool.runtime.traffic import parked

STATE = {"values": [["main", "power", 1782835200, 434]]}


async def refused(town: Hosted, name: str, secret: str) -> bool:
    try:
        link = await town.come_in(name, secret=secret)
    except NotLetIn:
        return True
    await link.close()
    return False


def test_a_gateway_comes_in_by_its_own_secret_only(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosted(tmp_path) as town:
            own, others = town.secrets[HOME], town.secrets[OTHER]
            assert not await refused(town, HOME, own)
            for name, secret in (
                (HOME, others),
                (HOME, "x"),
                ("home-9999", own),
                ("home-0001/x", own),
                (town.gateways.hosts[0], own),
            ):
                assert await refused(town, name, secret), (name, secret)

    asyncio.run(run())


def test_what_is_kept_of_a_secret_is_not_the_secret(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosted(tmp_path) as town:
            secret = town.secrets[HOME].encode()
        assert not files_with(tmp_path, secret)

    asyncio.run(run())


def files_with(folder: Path, secret: bytes) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and secret in file.read_bytes()]


def test_a_gateway_is_confined_to_its_own_subtree_and_to_what_the_plan_lists(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosted(tmp_path) as town:
            link = await town.come_in()
            assert await link.subscribe(f"home/{HOME}/down/#")
            for topic in (f"home/{OTHER}/down/#", "home/+/down/#", "#", f"home/{HOME}/up/#", "$MQTT/msgs/#", "$SYS/#", "reply/#"):
                assert not await link.subscribe(topic), topic
            # The broker acknowledges what it throws away, so the proof is what arrives beside it.
            await link.publish(f"home/{OTHER}/up/home_state", said("forged", **STATE))
            await link.publish(
                f"home/{HOME}/up/home_fault_alarms", said("unlisted", events=[["fridge", "circuit_fault", 1782835200, 1]])
            )
            await link.publish("gateways/drop", OTHER.encode())
            await link.publish(f"home/{HOME}/up/home_state", said("own", **STATE))
            await until(town.states)
            assert await town.states(OTHER) == {}
            assert await town.events() == []
            await link.close()

    asyncio.run(run())


def test_what_cannot_be_understood_is_parked_and_holds_up_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosted(tmp_path) as town:
            link = await town.come_in()
            unknown, newer = said("n", values=[["main", "joules", 1782835200, 1]]), said("n", v=2)
            for payload in (b" ", b"{", unknown, newer, b"[" * 9000):
                await link.publish(f"home/{HOME}/up/home_state", payload)
            await link.publish(f"home/{HOME}/up/home_state", said("good", **STATE))
            assert await until(town.states) == {("main", "power"): 434}
            assert parked(town.node) == 5
            await link.close()

    asyncio.run(run())


@pytest.mark.parametrize("how", ["revoked", "replaced"])
def test_a_credential_that_is_taken_back_loses_its_connection_within_a_second(tmp_path: Path, how: str) -> None:
    async def run() -> None:
        async with hosted(tmp_path) as town:
            process = town.server.pid
            link, bystander = await town.come_in(), await town.come_in(OTHER)
            act = admission.revoke_credential if how == "revoked" else admission.issue_credential
            more = {} if how == "revoked" else {"by": "test"}
            began = asyncio.get_running_loop().time()
            given = await town.node.write("admission", lambda work: act(work=work, per="home", name=HOME, **more))
            async with asyncio.timeout(PATIENCE_S):
                await link.ended()
            assert asyncio.get_running_loop().time() - began < 1.0
            assert await refused(town, HOME, town.secrets[HOME])
            if given:
                await (await town.come_in(secret=given)).close()
            await bystander.publish(f"home/{OTHER}/up/home_state", said("still", **STATE))
            assert town.server.pid == process
            await bystander.close()

    asyncio.run(run())


def test_one_taken_back_while_nobody_could_put_it_out_is_put_out_afterwards(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosted(tmp_path, attended=False) as town:
            link = await town.come_in()
            await town.node.write("admission", lambda work: admission.revoke_credential(work=work, per="home", name=HOME))
            town.attend()
            async with asyncio.timeout(PATIENCE_S):
                await link.ended()

    asyncio.run(run())
