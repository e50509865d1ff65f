"""A home: its gateway, the terminal indoors, and the same terminal away from home, which is the app."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from metropool.runtime.conformance.checks.at_doors import has_door, read_at_door
from metropool.runtime.conformance.checks.months import Row, billing_begun, done_while, must_be
from metropool.runtime.conformance.checks.seeing import Seen, seen_letter
from metropool.runtime.conformance.failed import Failed
from metropool.runtime.conformance.town.moments import unix_s
from metropool.runtime.conformance.town.people import EACH_ANEW, Client
from metropool.runtime.conformance.town.town import GATEWAY, Town
from metropool.runtime.conformance.ways import Way
from metropool.runtime.demo.gateways import first_home, gateway_options

PLUG, MAIN, DOOR, SMOKE = "plug", "main", "door", "smoke"


@dataclass(frozen=True)
class Indoors:
    """The terminal in the home, paired with the gateway by the code that stands on it."""

    http: httpx.AsyncClient

    async def state(self) -> Row:
        """What the gateway shows."""
        answer = await self.http.get("/state")
        shown: Row = answer.raise_for_status().json()
        return shown

    async def value(self, point: str, item: str) -> Row | None:
        """One value of it."""
        return next((row for row in (await self.state())["values"] if (row["point"], row["item"]) == (point, item)), None)

    async def do(self, path: str, value: int) -> Row:
        """Switch something, or let something happen."""
        told: Row = (await self.http.post(path, json={"value": value})).raise_for_status().json()
        return told


async def indoors(town: Town) -> Indoors:
    """Start the gateway and pair a terminal with it."""

    async def begin() -> Indoors:
        options = gateway_options(town.home, town.clock.setting)
        if options is None:
            raise Failed("no_host", capability="places", row="home")
        told = (await town.processes.box(GATEWAY, *options, "--states-every", 10, "--energy-every", 60)).told
        http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{told['port']}", timeout=60.0, trust_env=False, limits=EACH_ANEW)
        token = (await http.post("/pair", json={"code": told["code"]})).raise_for_status().json()["token"]
        http.headers["authorization"] = f"Bearer {token}"
        return Indoors(http)

    return await town.once("indoors", begin)


async def state(town: Town, way: Way) -> Seen:
    """The plug, switched indoors: seen where the state is told to."""
    home = await indoors(town)

    async def act() -> tuple[int, float]:
        now, began = await home.value(PLUG, "switch"), unix_s()
        wanted = 0 if now and now["value"] else 1
        return (await home.do(f"/points/{PLUG}", wanted))["value"], began

    wanted, began = await town.once("plug switched", act)
    return await _look(town, way, lambda: _item(town, way, PLUG, "switch"), wanted, began)


async def energy(town: Town, way: Way) -> Seen:
    """The home's register: the same value of the same minute that the gateway shows indoors."""
    _must_be_shown(town, way.receiver)
    home, known, began = await indoors(town), dict[int, int](), unix_s()

    async def look() -> int | None:
        here = await home.value(MAIN, "energy")
        if here is not None:
            known[int(here["at"])] = here["value"]
        there = here if _is_indoors(town, way) else await _item_row(town, MAIN, "energy")
        at = None if there is None else _at(there)
        if there is None or at not in known:
            return None
        must_be("energy", known[at], there["value"])
        return known[at]

    value, at_s = await town.seen(look, needs=_needs(town, way), what="energy")
    return Seen(at_s - began, f"{way.sender}:{MAIN}:{value}Wh")


async def security(town: Town, way: Way) -> Seen:
    """The door is opened: the event, where it is told to."""
    _must_be_shown(town, way.receiver)
    home = await indoors(town)

    async def act() -> float:
        began = unix_s()
        await home.do(f"/edge/{DOOR}", 1)
        return began

    began = await town.once("door opened", act)
    return await _look(town, way, lambda: _event(town, way, DOOR), "door_opened", began)


async def alarm(town: Town, way: Way) -> Seen:
    """Smoke in the home: an alarm with the people of an authority, in the community the home is in, and of no home."""
    home = await indoors(town)

    async def act() -> float:
        began = unix_s()
        await home.do(f"/edge/{SMOKE}", 1)
        return began

    began = await town.once("smoke", act)
    if has_door(town, way.receiver):
        return await _alarm_at_door(town, way, began)
    official = await town.someone(way.receiver)

    async def look() -> Row | None:
        rows = (await official.get("/watch"))["rows"]
        return next((row for row in rows if row["what"] == "alarm" and row["is_open"] and SMOKE in row["kind"]), None)

    _, at_s = await town.seen(look, needs=[GATEWAY, way.sender, way.receiver], what="alarm")
    return await seen_letter(town, way, acted_s=began, saw_s=at_s)


async def _alarm_at_door(town: Town, way: Way, began: float) -> Seen:
    """The same for whoever helps: of the home itself."""

    def find(message: Row) -> Row | None:
        return message if (message["kind"], message["state"]) == (SMOKE, "raised") else None

    message, seen = await read_at_door(town, way, find, acted_s=began, needs=[GATEWAY])
    must_be("place", first_home(town.city.rows), message["place"])
    return seen


async def commands(town: Town, way: Way) -> Seen:
    """The plug, switched from the terminal: from away over whoever hosts the home, indoors by the gateway alone."""
    home = await indoors(town)
    if _is_indoors(town, way):
        began = unix_s()
        wanted = 1 - int((await home.value(PLUG, "switch") or {"value": 0})["value"])
        must_be("switch", wanted, (await home.do(f"/points/{PLUG}", wanted))["value"])
        return Seen(unix_s() - began, f"{way.receiver}:{PLUG}:{wanted}")

    async def order() -> tuple[str, int, float]:
        await town.once("state seen", lambda: state(town, way))
        app, account = await town.resident(of="places")
        wanted = 1 - int((await home.value(PLUG, "switch") or {"value": 0})["value"])
        began = unix_s()
        given = await app.post(f"/households/{account}/places/orders", {"point": PLUG, "value": wanted, "within_s": 600})
        return given["id"], wanted, began

    number, wanted, began = await town.once("plug ordered", order)
    app, account = await town.resident(of="places")

    async def look() -> Any | None:
        if way.receiver in town.ports:
            row = await app.get(f"/households/{account}/places/orders/{number}")
            return row if row["outcome"] == "done" else None
        here = await home.value(PLUG, "switch")
        return here if here and here["value"] == wanted else None

    found, at_s = await town.seen(look, needs=_needs(town, way), what="order")
    if way.receiver in town.ports:
        must_be("read_back", wanted, found["read_back"])
    return Seen(at_s - began, f"{town.host('places')}:order:{number}")


async def meter_data(town: Town, way: Way) -> Seen:
    """What the meters of the home counted, at its gateway: each day it has is the day its host has."""
    _must_be_shown(town, way.sender)
    home, host = await indoors(town), town.host("places")
    began = await done_while(town, town.once("billing", lambda: billing_begun(town)), (town.host("metering"), host))
    app, account = await town.resident(of="places")

    async def look() -> str | None:
        kept = {_day(block) for block in (await home.http.get("/usage")).raise_for_status().json()["blocks"]}
        told = (await app.get(f"/households/{account}/places/usage"))["rows"]
        both = [row for row in told if row["is_received"] and _day(row) in kept and row["amount"] is not None]
        return f"{both[0]['service']}/{both[0]['business_date']}" if both else None

    day, at_s = await town.seen(look, needs=_needs(town, way), what="usage")
    return Seen(at_s - began, f"{way.receiver}:usage:{day}")


def _must_be_shown(town: Town, *systems: str) -> None:
    """Refuse to look where nobody can.

    Raises:
        Failed: One of them hears homes and shows them to nobody.
    """
    for name in systems:
        if name in town.ports and "places" not in town.compiled.systems[name].hosts:
            raise Failed("nobody_looks", system=name)


async def _look(town: Town, way: Way, what: Callable[[], Awaitable[Any]], wanted: Any, began: float) -> Seen:
    async def look() -> bool | None:
        return True if await what() == wanted else None

    _, at_s = await town.seen(look, needs=_needs(town, way), what=way.message)
    return Seen(at_s - began, f"{way.receiver}:{way.message}:{wanted}")


async def _item(town: Town, way: Way, point: str, item: str) -> int | None:
    row = await ((await indoors(town)).value(point, item) if _is_indoors(town, way) else _item_row(town, point, item))
    return None if row is None else int(row["value"])


async def _item_row(town: Town, point: str, item: str) -> Row | None:
    """One value as the app shows it."""
    app, account = await _app(town)
    points = (await app.get(f"/households/{account}/places"))["points"]
    return next((row for each in points if each["point"] == point for row in each["items"] if row["item"] == item), None)


async def _event(town: Town, way: Way, point: str) -> str | None:
    """Code of the newest event of a point."""
    if _is_indoors(town, way):
        events = (await (await indoors(town)).state())["events"]
    else:
        app, account = await _app(town)
        events = (await app.get(f"/households/{account}/places/events"))["rows"]
    return next((str(row["code"]) for row in events if row["point"] == point), None)


async def _app(town: Town) -> tuple[Client, str]:
    return await town.resident(of="places")


def _is_indoors(town: Town, way: Way) -> bool:
    """Whether neither end is a system: what goes between them stays in the home."""
    return way.sender not in town.ports and way.receiver not in town.ports


def _needs(town: Town, way: Way) -> list[str]:
    return [GATEWAY, *([] if _is_indoors(town, way) else [town.host("places")])]


def _at(row: Row) -> int:
    return int(row["at"]) if "at" in row else int(datetime.fromisoformat(row["as_of"]).timestamp())


def _day(row: Row) -> tuple[Any, ...]:
    return row["service"], row["reading_type"], row["business_date"]
