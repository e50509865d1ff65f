"""Starting a town's brokers and those outside it (payment channel, companies with own software); waiting for whoever was started."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx

from metropool.core.clock import monotonic_s
from metropool.core.errors import NotFound, Unavailable
from metropool.exchange.ways import PLACES
from metropool.plan.compiled import Compiled
from metropool.runtime.channels import MERCHANT, merchant_key, merchant_system, public_hex
from metropool.runtime.conformance.town.brokers import HOST, told_to_server
from metropool.runtime.conformance.town.people import Client, desk_client
from metropool.runtime.conformance.town.processes import BROKER
from metropool.runtime.demo.doors import door_key
from metropool.runtime.demo.setup import write_channels
from metropool.runtime.pause import pause

if TYPE_CHECKING:
    from metropool.runtime.conformance.town.town import Town

LOOK_S = 0.2
START_S = 120.0
PRICES = {
    "electricity": ("0.60", "kWh", 1, -4),
    "water": ("2.50", "m3", 30, -3),
    "gas": ("3.10", "m3", 40, -3),
    "heat": ("0.16", "kWh", 50, -2),
}
"""What an outside company asks for a unit of its service [yuan], the unit, and the register it bills with its scale."""


async def start_brokers(town: "Town") -> None:
    """Start the one broker, or every server of several."""
    servers = [site.name for sites in town.brokers.servers.values() for site in sites]
    if not servers:
        await town.processes.serve(BROKER)
    await asyncio.gather(*(start_server(town, name) for name in servers))


async def start_server(town: "Town", name: str) -> None:
    """Start one server of a broker, anew where it ran before."""
    await town.processes.serve(f"{BROKER}:{name}", told=told_to_server(town.home, name))


async def till_brokers_listen(town: "Town") -> None:
    """Wait until every broker can be reached.

    Raises:
        Unavailable: One did not start.
    """
    for site in (site for sites in town.brokers.servers.values() for site in sites):
        await till(town, lambda port=site.port: _listens(port), f"{BROKER}:{site.name}")  # type: ignore[misc]
    if not town.brokers.servers:
        await till(town, lambda: town.brokers.url("") != "", BROKER)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection((HOST, port), timeout=1.0):
        return True
    return False


async def start_channel(town: "Town") -> None:
    """Start the payment channel, and tell the town of it."""
    key = public_hex(merchant_key(town.home, merchant_system(town.compiled)))
    known = ("--merchant", f"{MERCHANT}={key}", "--clock", town.clock.setting)
    channel = await town.processes.box("payment-channel", "--home", town.home / "payment-channel", *known)
    write_channels(town.home, port=channel.told["port"], public_key=channel.told["public_key"])


async def start_systems(town: "Town") -> None:
    """Start every system, each in a process of its own but those that say and hear nothing yet, and return when all answer."""
    alone = [name for name in town.ports if name not in town.idle]
    await asyncio.gather(*(town.processes.serve(name, port=town.ports[name]) for name in alone))
    for name in town.idle[:1]:
        await town.processes.serve(town.served_by(name), systems=town.idle, port=town.ports[name])
    if town.front_end:
        await town.processes.serve(town.front_end)
    await asyncio.gather(*(till_it_answers(town, name) for name in town.ports))


def run_outside(town: "Town") -> list[str]:
    """The systems for which software of their own stands."""
    return [name for name in town.ports if town.compiled.systems[name].software == "outside"]


def companies_outside(town: "Town") -> dict[str, str]:
    """System to service of each of them that bills."""
    return {name: service for name in run_outside(town) for service in town.rows(name, "billing") or () if service in PRICES}


def need_software(compiled: Compiled, systems: Sequence[str]) -> None:
    """Refuse to put outside software in the place of systems that none of ours in the simulated city could stand for.

    Raises:
        NotFound: It bills no one service, and is no property manager's.
    """
    billed = {name: set(PRICES) & set(facts.hosts.get("door", ())) for name, facts in compiled.systems.items()}
    able = [name for name in compiled.systems if len(billed[name]) == 1 or compiled.systems[name].per in PLACES]
    if unable := ", ".join(name for name in systems if name not in able):
        raise NotFound(
            f"no software in the simulated city stands for {unable}", key="conformance.no_software", values={"names": unable}
        )


def process_of(system: str) -> str:
    """What the process of a system's own software is called."""
    return f"software:{system}"


async def start_software(town: "Town", system: str) -> Client:
    """Start a system's own software, which is told where its door is, its key and the city file; its desk, for its people."""
    own = {
        "site": f"http://127.0.0.1:{town.ports[system]}",
        "system": system,
        "home": town.home / f"software-{system}",
        "desk": 0,
        "party": town.compiled.systems[system].party,
        "city": town.city.folder / "city.json",
        "clock": town.clock.setting,
    }
    service = companies_outside(town).get(system)
    keeps = {"medium": _announced(town, system), "place": town.compiled.systems[system].place}
    command, further = ("company", _billing(service)) if service else ("keeper", keeps)
    options = {**own, **further}
    key, given = {"CITYINABOX_KEY": door_key(town.home, system)}, [f"--{name}={value}" for name, value in options.items()]
    told = (await town.processes.outside(command, *given, name=process_of(system), environment=key)).told
    return desk_client(f"http://127.0.0.1:{told['port']}", system=system, token=told["token"])


def _billing(service: str) -> dict[str, object]:
    """What a company bills by."""
    price, unit, register, scale = PRICES[service]
    return {"service": service, "price": price, "unit": unit, "reading-type": register, "scale": scale}


def _announced(town: "Town", system: str) -> str:
    """What a system announces by the plan; empty where it announces nothing."""
    messages = town.compiled.whole.messages
    said = [messages[letter.message] for letter in sorted(town.compiled.letters) if letter.sender == system]
    own = town.compiled.systems[system].listed_as
    return next((entry.where["service"] for entry in said if entry.carried_by == "NoticePublished" and own in entry.begins), "")


async def till_it_answers(town: "Town", name: str) -> None:
    """Wait until the site of a system answers, and nobody else in its place.

    Raises:
        Unavailable: It did not start.
    """
    async with httpx.AsyncClient(trust_env=False, timeout=5.0) as client:

        async def look() -> bool:
            try:
                told = (await client.get(f"http://127.0.0.1:{town.ports[name]}/api/site")).json()
                return name in [system["id"] for system in told["systems"]]
            except (httpx.HTTPError, ValueError, KeyError):
                return False

        ends = monotonic_s() + START_S
        while not await look():
            _must_be_starting(town, town.served_by(name), ends)
            await pause(LOOK_S)


async def till(town: "Town", is_so: Callable[[], bool], name: str) -> None:
    """Wait until something is so while a process starts.

    Raises:
        Unavailable: It did not start.
    """
    ends = monotonic_s() + START_S
    while not is_so():
        _must_be_starting(town, name, ends)
        await pause(0.05)


def _must_be_starting(town: "Town", name: str, ends: float) -> None:
    if town.processes.stopped([name]) or monotonic_s() > ends:
        raise Unavailable(f"{name} did not start: {town.processes.last_words(name)}")
