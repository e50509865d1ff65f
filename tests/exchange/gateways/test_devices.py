"""Terminals of communities and buildings and charging stations: each comes in by its own credential, and says what runs of its rows."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from exchange.gateways.house import HOME, OWN, PATIENCE_S, Hosted, hosted, said, until
from exchange.gateways.test_door import refused
from exchange.plan.test_instances import CITY
from metropool.capabilities.admission import operations as admission
from metropool.capabilities.admission.model import Gateway
from metropool.core.errors import Invalid, NotFound
from metropool.plan.gateways import kind_of, of_kind
from metropool.plan.zones import split
from metropool.runtime.instances import instances_of, write_instances
from metropool.runtime.node import Node
from metropool.runtime.systems import compile_named
from metropool.runtime.traffic import parked

HOSTS = {"community": "community_system", "building": "building_system", "charging_station": "ev_charging"}
UNBUILT = {"community": "community_points", "building": "building_points", "charging_station": "charger_data"}
PLANS = ("one", "one:indirect", "two", "transition")


async def told_of(node: Node, per: str) -> Gateway:
    found: Gateway | None = await node.read("admission", lambda work: work.admission_book.gateway(per, OWN))
    assert found is not None
    return found


@pytest.mark.parametrize("plan", PLANS)
def test_each_comes_in_by_its_own_credential_at_whom_its_rows_link_it_to(tmp_path: Path, plan: str) -> None:
    async def run() -> None:
        async with hosted(tmp_path, plan=plan) as town:
            assert {kind.per: kind.hosts for kind in town.compiled.broker.gateways if kind.per in HOSTS} == {
                per: (host,) for per, host in HOSTS.items()
            }
            for per, host in HOSTS.items():
                name = f"{per}/{OWN}"
                node = town.desks[host].node
                assert (await told_of(node, per)).came_in_at is None
                link = await town.come_in(name)
                assert (await told_of(node, per)).came_in_at is not None
                assert (await told_of(node, per)).heard_at is None
                assert await link.subscribe(f"{name}/down/#")
                await link.publish(f"{name}/up/receipts", said("here", received=[]))
                await until(partial(_is_heard, node, per))
                await link.close()

    asyncio.run(run())


async def _is_heard(node: Node, per: str) -> bool:
    return (await told_of(node, per)).heard_at is not None


def test_nobody_comes_in_as_another_or_as_of_another_kind(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosted(tmp_path) as town:
            for name, secret in town.secrets.items():
                others = [*(other for other in town.secrets if other != name), OWN, f"home/{HOME}", f"nobody/{OWN}", f"{name}/x"]
                others += [f"{per}/" for per in HOSTS] + [f"{per}/+" for per in HOSTS] + [f"{per}/>" for per in HOSTS]
                for other in others:
                    assert await refused(town, other, secret), (name, other)
                assert not await refused(town, name, secret)

    asyncio.run(run())


@pytest.mark.parametrize("plan", ["one", "transition"])
def test_what_no_running_row_lists_is_thrown_away_and_nobody_hears_another(tmp_path: Path, plan: str) -> None:
    async def run() -> None:
        async with hosted(tmp_path, plan=plan) as town:
            homes = next(name for name in town.secrets if name.endswith(HOME))
            for per, message in UNBUILT.items():
                name, host = f"{per}/{OWN}", HOSTS[per]
                link, node = await town.come_in(name), town.desks[host].node
                foreign = (
                    "#",
                    "+/#",
                    f"{per}/#",
                    f"{name}/up/#",
                    f"home/{homes}/down/#",
                    "$SYS/#",
                    "reply/#",
                    "gateways/#",
                    "$MQTT/#",
                )
                others = [f"{other}/{OWN}/down/#" for other in HOSTS if other != per]
                for topic in (*foreign, *others):
                    assert not await link.subscribe(topic), topic
                for topic in (
                    f"{name}/up/{message}",
                    f"{name}/down/{message}",
                    f"home/{homes}/up/home_state",
                    f"gateways/drop/{host}",
                ):
                    await link.publish(topic, said("x", values=[["main", "power", 1782835200, 434]]))
                await link.publish(f"{name}/up/receipts", said("here", received=[]))
                await until(partial(_is_heard, node, per))
                assert parked(node) == 0
                await link.close()
            assert await town.states() == {}

    asyncio.run(run())


@pytest.mark.parametrize("per", HOSTS)
def test_one_taken_back_is_out_within_a_second_and_the_others_stay(tmp_path: Path, per: str) -> None:
    async def run() -> None:
        async with hosted(tmp_path) as town:
            server, links = town.server.pid, {name: await town.come_in(name) for name in town.secrets}
            name, node = f"{per}/{OWN}", town.desks[HOSTS[per]].node
            await _all_heard(town)
            began = asyncio.get_running_loop().time()
            await node.write("admission", lambda work: admission.revoke_credential(work=work, per=per, name=OWN))
            async with asyncio.timeout(PATIENCE_S):
                await links.pop(name).ended()
            assert asyncio.get_running_loop().time() - began < 1.0
            assert await refused(town, name, town.secrets[name])
            assert town.server.pid == server
            for other, link in links.items():
                await link.publish(f"{other}/up/receipts", said("still", received=[]))
                await link.close()

    asyncio.run(run())


async def _all_heard(town: Hosted) -> None:
    """Everything that was to be put out before is, so that what follows is measured alone."""
    for desk in town.desks.values():
        if desk.door is not None:
            node = desk.node

            async def is_done(node: Node = node) -> bool:
                return not await node.read("admission", lambda work: work.admission_book.undropped())

            await until(is_done)


@pytest.mark.parametrize("plan", PLANS)
def test_a_secret_is_told_to_nobody_but_its_own_host(plan: str) -> None:
    compiled = compile_named(plan)
    for zone in split(compiled.broker, compiled.brokers).values():
        here = {kind.per: kind.hosts for kind in zone.broker.gateways}
        for per, host in HOSTS.items():
            kind = kind_of(zone.broker.gateways, f"{per}/{OWN}")
            asked = kind.host_of(f"{per}/{OWN}") if kind else None
            assert asked == (host if per in here else None), (zone.name, per)


def test_where_each_community_has_a_system_of_its_own_it_comes_in_at_its_own(tmp_path: Path) -> None:
    write_instances(tmp_path, instances_of(compile_named("transition"), CITY))

    async def run() -> None:
        async with hosted(tmp_path, plan="transition") as town:
            kind = of_kind(town.compiled.broker.gateways, "community")
            assert kind is not None and len(kind.hosts) == 2
            first, second = (kind.name_of(host, OWN) for host in kind.hosts)
            assert (first, second) == (f"community/community_system_1/{OWN}", f"community/community_system_2/{OWN}")
            for stranger in (second, f"community/{OWN}", f"community_system_1/{OWN}", f"community/nobody/{OWN}"):
                assert await refused(town, stranger, town.secrets[first]), stranger
            link = await town.come_in(first)
            assert not await link.subscribe(f"{second}/down/#")
            assert await link.subscribe(f"{first}/down/#")
            await link.close()

    asyncio.run(run())


def test_only_what_a_system_vouches_for_is_enrolled_and_under_a_name_for_topics(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosted(tmp_path) as town:
            node = town.desks["ev_charging"].node

            async def enrol(**given: str) -> list[str]:
                try:
                    await node.write("admission", lambda work: admission.enrol_gateway(work=work, **given))  # type: ignore[arg-type]
                except Invalid as reason:
                    return [fault.where for fault in reason.faults]
                return []

            station = {"per": "charging_station", "name": "pile-1", "place": "site-1"}
            assert await enrol(**station) == []
            assert await enrol(**station) == [], "a repeat changes nothing"
            assert await enrol(**{**station, "per": "community"}) == ["per"]
            for name in ("", "a/b", "a.b", "a b", "+", "#", "*", ">", "x" * 65, "桩"):
                assert await enrol(**{**station, "name": name}) == ["name"], name
            assert await enrol(**{**station, "place": " "}) == ["place"]
            assert await enrol(**station, household="GZ1") == ["household"]
            with pytest.raises(NotFound):
                await node.write(
                    "admission", lambda work: admission.issue_credential(work=work, per="home", name="pile-1", by="t")
                )

    asyncio.run(run())
