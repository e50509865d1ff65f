"""The home with a gateway: the terminal indoors, paired with it; and whoever else can be shown what it says."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import httpx

from metropool.runtime.conformance.checks.months import Row, must_be
from metropool.runtime.conformance.failed import Failed
from metropool.runtime.conformance.town.moments import unix_s
from metropool.runtime.conformance.town.people import EACH_ANEW, Client
from metropool.runtime.conformance.town.town import GATEWAY, Town
from metropool.runtime.conformance.ways import Way
from metropool.runtime.demo.gateways import credentials, gateway_options

PLUG, MAIN, DOOR, SMOKE, FAULTY = "plug", "main", "door", "smoke", "heatpump"


class Eyes(Protocol):
    """Somebody who is shown a home."""

    async def value(self, point: str, item: str) -> Row | None:
        """One value: ``at`` [Unix s] and ``value``."""

    async def newest_event(self, point: str) -> Row | None:
        """What happened last at a point: ``code`` and ``at`` [Unix s]."""


@dataclass(frozen=True)
class Happened:
    """Something that was let happen in the home.

    Attributes:
        began_s: When [Unix s of the machine].
        at: The same by the gateway's clock, as it noted it [Unix s].
    """

    began_s: float
    at: int


@dataclass(frozen=True)
class Indoors:
    """The terminal in the home, paired with the gateway by the code that stands on it."""

    http: httpx.AsyncClient

    async def shown(self, path: str) -> Row:
        """What the gateway shows at an address of its own."""
        told: Row = (await self.http.get(path)).raise_for_status().json()
        return told

    async def value(self, point: str, item: str) -> Row | None:
        """One value of it."""
        return shown_value(point, item, await self.shown("/state"))

    async def newest_event(self, point: str) -> Row | None:
        """What happened last at a point."""
        return _newest_at(point, (await self.shown("/state"))["events"])

    async def do(self, path: str, value: int) -> Row:
        """Switch something, or let something happen."""
        told: Row = (await self.http.post(path, json={"value": value})).raise_for_status().json()
        return told


@dataclass(frozen=True)
class Away:
    """The app at whoever hosts the home."""

    app: Client
    account: str

    async def value(self, point: str, item: str) -> Row | None:
        """One value, as the home's page has it."""
        return _value(point, item, (await self.app.get(f"/households/{self.account}/places"))["points"])

    async def newest_event(self, point: str) -> Row | None:
        """What happened last at a point, as the home's page has it."""
        return _newest_at(point, (await self.app.get(f"/households/{self.account}/places/events"))["rows"])


@dataclass(frozen=True)
class Heard:
    """The app at a system that hears the home and does not host it: my data there."""

    app: Client
    account: str

    async def value(self, point: str, item: str) -> Row | None:
        """One value, as it was heard there."""
        return _value(point, item, (await self._told())["points"])

    async def newest_event(self, point: str) -> Row | None:
        """What happened last at a point, as it was heard there."""
        return _newest_at(point, (await self._told())["events"])

    async def _told(self) -> Row:
        told: Row = await self.app.get(f"/households/{self.account}/points")
        return told


async def indoors(town: Town) -> Indoors:
    """Start the gateway and pair a terminal with it."""

    async def begin() -> Indoors:
        name = next((name for name, _ in credentials(town.home)), "")
        at, trusts = town.brokers.gateways_at(name), town.brokers.authority
        options = gateway_options(town.home, town.clock.setting, uplinks=at, authority=trusts)
        if options is None:
            raise Failed("no_host", capability="places", row="home")
        told = (await town.processes.box(GATEWAY, *options, "--states-every", 300, "--energy-every", 120)).told
        http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{told['port']}", timeout=60.0, trust_env=False, limits=EACH_ANEW)
        token = (await http.post("/pair", json={"code": told["code"]})).raise_for_status().json()["token"]
        http.headers["authorization"] = f"Bearer {token}"
        return Indoors(http)

    return await town.once("indoors", begin)


def the_plug(town: Town) -> "asyncio.Task[asyncio.Lock]":
    """Whoever switches the plug holds this: nobody else does then."""

    async def hang_up() -> asyncio.Lock:
        return asyncio.Lock()

    return town.once("plug", hang_up)


async def watching(town: Town, way: Way) -> Eyes:
    """Whoever is shown what travels a way: the terminal indoors, or the resident's app where it is heard.

    Raises:
        Failed: Nobody is.
    """
    if is_indoors(town, way):
        return await indoors(town)
    system = way.receiver if way.receiver in town.ports else way.sender
    hosts = town.compiled.systems[system].hosts
    if "places" in hosts:
        return Away(*await town.resident_at(system))
    if "points" in hosts:
        return Heard(*await town.resident_at(system))
    raise Failed("nobody_looks", system=system)


async def acted_in_home(town: Town, point: str) -> Happened:
    """Let something happen at a point of the home, once; the gateway notes it then and not before.

    Raises:
        Failed: It does not.
    """
    home = await indoors(town)

    async def act() -> Happened:
        first, began = town.clock.now(), unix_s()
        await home.do(f"/edge/{point}", 1)
        noted = await home.newest_event(point)
        at = noted["at"] if noted else 0
        must_be("at", True, int(first.timestamp()) <= at <= town.clock.now().timestamp())
        return Happened(began, at)

    return await town.once(("happened", point), act)


def is_indoors(town: Town, way: Way) -> bool:
    """Whether neither end is a system: what goes between them stays in the home."""
    return way.sender not in town.ports and way.receiver not in town.ports


def needed_by(town: Town, way: Way) -> Sequence[str]:
    """Who must be at work for what is done in the home to be seen."""
    return [GATEWAY, *(end for end in (way.sender, way.receiver) if end in town.ports)]


def shown_value(point: str, item: str, shown: Row) -> Row | None:
    """One value of what a gateway shows."""
    return next((row for row in shown["values"] if (row["point"], row["item"]) == (point, item)), None)


def unix_of(at: int | str) -> int:
    """An instant as Unix seconds, be it told so or in words."""
    return at if isinstance(at, int) else int(datetime.fromisoformat(at).timestamp())


def _value(point: str, item: str, points: Sequence[Row]) -> Row | None:
    found = next((row for each in points if each["point"] == point for row in each["items"] if row["item"] == item), None)
    return None if found is None else {"at": unix_of(found["as_of"]), "value": found["value"]}


def _newest_at(point: str, events: Sequence[Row]) -> Row | None:
    row = next((row for row in events if row["point"] == point), None)
    return None if row is None else {"code": row["code"], "at": unix_of(row["at"])}
