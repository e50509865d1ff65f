"""A community with a broker at its own place: a leaf of the city's, which lets it work on through a cut; the plan as it is shipped."""

import asyncio
import json
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from exchange.city.cities import HOST, Brokers
from exchange.city.towns import Line, begin, eventually
from metropool.capabilities.office import operations as office
from metropool.capabilities.office.model import Content
from metropool.core.areas import Area
from metropool.core.errors import Invalid
from metropool.core.identifiers import SystemId
from metropool.exchange.jetstream import JetStreamExchange
from metropool.exchange.outbox import Outbox, inbox
from metropool.facts.registry import tables as t
from metropool.plan.zones import apart
from metropool.runtime.broker import seed_of
from metropool.runtime.broker_beyond import read_sites
from metropool.runtime.broker_place import keep_server
from metropool.runtime.instances import instances_of, write_instances
from metropool.runtime.node import Node
from metropool.runtime.ports import free_ports
from metropool.runtime.relay import relay_in, relay_out
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named, open_node

FAR = "127.0.0.2"
KINDS = ("home_gateway", "community_terminals", "building_terminals", "chargers")
HOUR = timedelta(hours=1)
CITY = {"places": [{"id": f"community-{n}", "kind": "community", "name": {"zh": str(n), "en": str(n)}} for n in (1, 2)]}
COMMUNITY = {
    **dict.fromkeys(t.place.c.keys()),
    **{"id": "community-2", "kind": "community", "name_zh": "2", "name_en": "2"},
}
PLACE = "community_system_2"
SYSTEMS = ("water_system", "smart_use_platform", PLACE)


def city_with_a_place(home: Path) -> tuple[Settings, Brokers, int, int]:
    """A brokers' file that gives one community a broker of its own, and the city's on another address: the line between is ours to cut."""
    write_instances(home, instances_of(compile_named("transition"), CITY))
    inner, near, city = free_ports(5), free_ports(3), free_ports(3)
    brokers = {
        "production": [{"name": "production-1", "host": HOST, "port": inner[0], "links": inner[1]}],
        "management": [{"name": "management-1", "host": HOST, "port": inner[2], "links": inner[3], "gateways": inner[4]}],
        "dmz": [{"name": "dmz-1", "host": HOST, "port": city[0], "links": city[1], "gateways": city[2], "listen": FAR}],
        PLACE: [{"name": "place-1", "host": HOST, "port": near[0], "links": near[1], "gateways": near[2]}],
    }
    file = home / "brokers.yaml"
    file.write_text(json.dumps({"tls": False, "brokers": brokers}))
    settings = Settings(home=home, broker=str(file), plan="transition")
    compiled = compile_named("transition", home=home)
    sites, zones = read_sites(settings, compiled)
    return settings, Brokers(settings=settings, compiled=compiled, sites=sites, zones=dict(zones)), city[0], city[1]


def test_a_place_dials_the_broker_it_would_be_on_and_nobody_dials_inward(tmp_path: Path) -> None:
    _, brokers, _, _ = city_with_a_place(tmp_path)
    assert list(brokers.zones) == ["production", "management", PLACE, "dmz"]
    assert brokers.zones[PLACE].broker.accounts[0] == PLACE
    assert [border.outer for border in brokers.zones[PLACE].dials] == ["dmz"]
    assert brokers.zones[PLACE].hears == ()
    assert PLACE not in brokers.zones["dmz"].broker.accounts
    crossing = {way.subject for border in brokers.zones[PLACE].dials for way in (*border.inward, *border.outward)}
    assert all(PLACE in subject for subject in crossing)


def test_gateways_come_in_at_the_broker_of_whoever_vouches_for_them_and_are_known_at_no_other(tmp_path: Path) -> None:
    _, brokers, _, _ = city_with_a_place(tmp_path)
    come_in = {name: {kind.per: kind.hosts for kind in zone.broker.gateways} for name, zone in brokers.zones.items()}
    assert come_in == {
        "production": {},
        "management": {"charging_station": ("ev_charging",)},
        PLACE: {"community": (PLACE,)},
        "dmz": {"home": ("smart_use_platform",), "community": ("community_system_1",), "building": ("building_system",)},
    }
    for name, zone in brokers.zones.items():
        doors = {user.name for user in zone.broker.users if user.account == "gateways" and user.name.endswith("-door")}
        assert doors == {f"{host}-door" for hosts in come_in[name].values() for host in hosts}
        assert {kind.account for kind in zone.broker.gateways} == set(zone.broker.accounts) & set(KINDS)


def test_what_is_at_a_place_of_its_own_must_be_of_the_plan(tmp_path: Path) -> None:
    settings, *_ = city_with_a_place(tmp_path)
    file = Path(settings.broker)
    file.write_text(file.read_text().replace(PLACE, "marketing"))
    with pytest.raises(Invalid, match="does not fit the plan"):
        read_sites(settings, compile_named("transition", home=tmp_path))
    assert apart({"dmz": ("a", "b")}, ["b"]) == {"b": ("b",), "dmz": ("a",)}


def test_a_community_works_on_while_its_line_is_cut_and_hears_each_letter_once_after(tmp_path: Path) -> None:
    settings, brokers, port, links = city_with_a_place(tmp_path)

    async def run() -> None:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(Line(port, to=FAR))
            line = await stack.enter_async_context(Line(links, to=FAR))
            for name in ("dmz-1", "place-1"):
                server = await keep_server(stack, name, settings=settings, compiled=brokers.compiled)
                await server.provisioned()
            nodes = {name: await served(stack, brokers, name) for name in SYSTEMS}
            water, hub, place = (nodes[name] for name in SYSTEMS)
            await announce(water, "water", Area(kind="city"))
            await eventually(lambda: letters(place) == 1)
            line.cut()
            await announce(water, "water", Area(kind="city"))
            await place.on_writer(lambda: place.write_now("office", lambda work: work.registry.add(t.place, [COMMUNITY])))
            await announce(place, "community", Area(kind="places", places=("community-2",)))
            await eventually(lambda: (waiting(water), waiting(hub), waiting(place)) == (0, 1, 1))
            assert letters(place) == 1
            line.mend()
            await eventually(lambda: waiting(hub) == waiting(place) == 0)
            await eventually(lambda: letters(place) == 2 and heard(hub, PLACE) == 1)

    asyncio.run(run())


async def served(stack: AsyncExitStack, brokers: Brokers, system: str) -> Node:
    """A system of the plan at its broker, its relays running."""
    node = open_node(SystemId(system), compiled=brokers.compiled, settings=brokers.settings)
    stack.callback(node.close)
    seed = seed_of(brokers.settings.home, account=system, user=system)
    exchange = await JetStreamExchange.open(brokers.url(system), system=SystemId(system), seed=seed, tls=None)
    stack.push_async_callback(exchange.close)
    stack.push_async_callback(begin(relay_out(node, exchange), relay_in(node, exchange)))
    return node


async def announce(node: Node, service: str, area: Area) -> None:
    """Publish an announcement at an office."""
    words = dict.fromkeys(("title_zh", "title_en", "text_zh", "text_en"), "works")
    content = Content(service=service, kind="general", **words, starts_at=node.clock.now() + HOUR, ends_at=None, area=area)

    def publish(work: Any) -> None:
        draft = office.compose(work=work, content=content, by="ann")
        office.publish(work=work, notice=draft.id, seen=draft.revision, at=None, by="ann")

    await node.write("office", publish)


def letters(node: Node) -> int:
    """How many letters wait at a door."""
    return len(node.read_now("door", lambda work: work.letters.after(0, limit=100, most_bytes=1 << 30)))


def waiting(node: Node) -> int:
    """How many letters are not delivered."""
    with node.database.snapshot() as connection:
        return Outbox(connection).waiting()


def heard(node: Node, sender: str) -> int:
    """How many letters of a system came in."""
    with node.database.snapshot() as connection:
        taken = select(func.count()).select_from(inbox).where(inbox.c.sender == sender)
        return int(connection.execute(taken).scalar_one())
