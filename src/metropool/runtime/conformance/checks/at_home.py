"""A home: what is done in it, and where it is seen: by the terminal indoors, by the same terminal away from home (the app)."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from metropool.runtime.conformance.checks.at_doors import has_door, read_at_door
from metropool.runtime.conformance.checks.indoors import (
    DOOR,
    FAULTY,
    MAIN,
    PLUG,
    SMOKE,
    Away,
    Indoors,
    acted_in_home,
    indoors,
    is_indoors,
    needed_by,
    shown_value,
    watching,
)
from metropool.runtime.conformance.checks.months import Row, must_be
from metropool.runtime.conformance.checks.seeing import Seen, seen_letter
from metropool.runtime.conformance.town.moments import unix_s
from metropool.runtime.conformance.town.town import GATEWAY, Town
from metropool.runtime.conformance.ways import Way
from metropool.runtime.demo.gateways import homes_with_gateways


async def state(town: Town, way: Way) -> Seen:
    """The plug, switched indoors: seen where the state is told to."""
    home, eyes = await indoors(town), await watching(town, way)

    async def act() -> tuple[int, float]:
        now, began = await home.value(PLUG, "switch"), unix_s()
        wanted = 0 if now and now["value"] else 1
        return (await home.do(f"/points/{PLUG}", wanted))["value"], began

    wanted, began = await town.once("plug switched", act)

    async def look() -> int | None:
        row = await eyes.value(PLUG, "switch")
        return None if row is None else int(row["value"])

    return await _look(town, way, look, wanted, began)


async def energy(town: Town, way: Way) -> Seen:
    """The home's register: a value that the gateway shows indoors, of the same instant of its clock."""
    home, eyes = await indoors(town), await watching(town, way)
    known, began = defaultdict[int, list[int]](list), unix_s()

    async def look() -> int | None:
        here = await home.value(MAIN, "energy")
        if here is not None:
            known[here["at"]].append(
                here["value"]
            )  # more than one of an instant: its clock counts seconds, and an hour is a minute here
        there = here if is_indoors(town, way) else await eyes.value(MAIN, "energy")
        if there is None or there["value"] not in known[there["at"]]:
            return None
        return int(there["value"])

    value, at_s = await town.seen(look, needs=needed_by(town, way), what="energy")
    return Seen(at_s - began, f"{way.sender}:{MAIN}:{value}Wh")


async def security(town: Town, way: Way) -> Seen:
    """The door is opened: the event, where it is told to."""
    eyes, began = await watching(town, way), await acted_in_home(town, DOOR)
    return await _look(town, way, lambda: eyes.newest_event(DOOR), "door_opened", began)


async def fault(town: Town, way: Way) -> Seen:
    """A circuit of the home fails: the event, where it is told to."""
    eyes, began = await watching(town, way), await acted_in_home(town, FAULTY)
    return await _look(town, way, lambda: eyes.newest_event(FAULTY), "circuit_fault", began)


async def alarm(town: Town, way: Way) -> Seen:
    """Smoke in the home: an alarm with the people of an authority, or at the door of whoever helps."""
    if has_door(town, way.receiver):
        return await _alarm_at_door(town, way)
    return await _alarmed(town, way, way.receiver)


async def passed_on(town: Town, way: Way) -> Seen:
    """The same on its way to whoever raises alarms, passed on: an authority is shown what came of it."""
    shown = [letter.receiver for letter in town.compiled.letters if letter.message == "security_alarms"]
    watched = min(system for system in shown if "watch" in town.compiled.systems[system].hosts)
    return await _alarmed(town, way, watched)


async def commands(town: Town, way: Way) -> Seen:
    """The plug, switched from the terminal: from away over whoever hosts the home, indoors by the gateway alone."""
    home, host = await indoors(town), town.host("places")
    if is_indoors(town, way):
        return _switched_indoors(home, way)
    app, account = await town.resident_at(host)

    async def order() -> tuple[str, int, float]:
        await town.seen(lambda: Away(app, account).value(PLUG, "switch"), needs=(GATEWAY, host), what="home_state")
        wanted, began = 1 - await _plug(home), unix_s()
        given = await app.post(f"/households/{account}/places/orders", {"point": PLUG, "value": wanted, "within_s": 600})
        return given["id"], wanted, began

    number, wanted, began = await town.once("plug ordered", order)

    async def look() -> Any | None:
        if way.receiver in town.ports:
            row = await app.get(f"/households/{account}/places/orders/{number}")
            return row if row["outcome"] == "done" else None
        return True if await _plug(home) == wanted else None

    found, at_s = await town.seen(look, needs=(GATEWAY, host), what="order")
    if way.receiver in town.ports:
        must_be("read_back", wanted, found["read_back"])
    return Seen(at_s - began, f"{host}:order:{number}")


def _switched_indoors(home: Indoors, way: Way) -> Seen:
    """What was switched while nothing could leave the home."""
    shown, took_s = home.alone
    must_be("uplink", False, shown["uplink"])
    row = shown_value(PLUG, "switch", shown)
    must_be("switch", 1, row and row["value"])
    return Seen(took_s, f"{way.receiver}:{PLUG}:1")


async def _plug(home: Indoors) -> int:
    now = await home.value(PLUG, "switch")
    return int(now["value"]) if now else 0


async def _alarmed(town: Town, way: Way, watched: str) -> Seen:
    """Smoke, as the people of an authority see it, and the letter that travelled this way."""
    official, began = await town.someone(watched), await acted_in_home(town, SMOKE)

    async def look() -> Row | None:
        rows = (await official.get("/watch"))["rows"]
        return next((row for row in rows if row["what"] == "alarm" and row["is_open"] and SMOKE in row["kind"]), None)

    _, at_s = await town.seen(look, needs=[GATEWAY, way.sender, way.receiver, watched], what="alarm")
    return await seen_letter(town, way, acted_s=began, saw_s=at_s)


async def _alarm_at_door(town: Town, way: Way) -> Seen:
    """The same for whoever helps: of the home itself."""
    began = await acted_in_home(town, SMOKE)

    def find(message: Row) -> Row | None:
        return message if (message["kind"], message["state"]) == (SMOKE, "raised") else None

    message, seen = await read_at_door(town, way, find, acted_s=began, needs=[GATEWAY])
    must_be("place", homes_with_gateways(town.city.rows)[0], message["place"])
    return seen


async def _look(town: Town, way: Way, what: Callable[[], Awaitable[Any]], wanted: Any, began: float) -> Seen:
    async def look() -> bool | None:
        return True if await what() == wanted else None

    _, at_s = await town.seen(look, needs=needed_by(town, way), what=way.message)
    return Seen(at_s - began, f"{way.receiver}:{way.message}:{wanted}")
