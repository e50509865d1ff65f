"""A home: what is done in it, and where it is seen: by the terminal indoors, by the same terminal away from home (the app)."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from metropool.plan.schema import Letter
from metropool.runtime.conformance.checks.at_doors import has_door, read_at_door
from metropool.runtime.conformance.checks.indoors import (
    DOOR,
    FAULTY,
    MAIN,
    PLUG,
    SMOKE,
    Away,
    Happened,
    Indoors,
    acted_in_home,
    indoors,
    is_indoors,
    needed_by,
    shown_value,
    the_plug,
    unix_of,
    watching,
)
from metropool.runtime.conformance.checks.months import Row, must_be
from metropool.runtime.conformance.checks.seeing import Seen, seen_letter, seen_spoken
from metropool.runtime.conformance.town.moments import unix_s
from metropool.runtime.conformance.town.people import Client
from metropool.runtime.conformance.town.town import GATEWAY, Town
from metropool.runtime.conformance.ways import Way
from metropool.runtime.demo.gateways import homes_with_gateways


async def state(town: Town, way: Way) -> Seen:
    """The plug, switched indoors and back: each is seen where the state is told to."""
    home, eyes = await indoors(town), await watching(town, way)

    async def look() -> int | None:
        row = await eyes.value(PLUG, "switch")
        return None if row is None else int(row["value"])

    async with await the_plug(town):
        for wanted in await _each_way(home):
            began = unix_s()
            await home.do(f"/points/{PLUG}", wanted)
            seen = await _look(town, way, look, wanted, began)
    return seen


async def energy(town: Town, way: Way) -> Seen:
    """The home's register: a value that the gateway shows indoors, of the same instant of its clock; indoors, one that has grown."""
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
        is_new = not is_indoors(town, way) or there["value"] > min(value for values in known.values() for value in values)
        return int(there["value"]) if is_new else None

    value, at_s = await town.seen(look, needs=needed_by(town, way), what="energy")
    return Seen(at_s - began, f"{way.sender}:{MAIN}:{value}Wh")


async def security(town: Town, way: Way) -> Seen:
    """The door is opened: the event, of the instant the gateway noted, where it is told to."""
    return await _event(town, way, DOOR, "door_opened")


async def fault(town: Town, way: Way) -> Seen:
    """A circuit of the home fails: the event, where it is told to."""
    return await _event(town, way, FAULTY, "circuit_fault")


async def alarm(town: Town, way: Way) -> Seen:
    """Smoke in the home: an alarm with the people of an authority, or at the door of whoever helps."""
    if has_door(town, way.receiver):
        return await _alarm_at_door(town, way)
    return await _alarmed(town, way, way.receiver)


async def passed_on(town: Town, way: Way) -> Seen:
    """The same on its way to whoever raises alarms, passed on: an authority is shown what came of it."""
    shown = [letter.receiver for letter in town.compiled.letters if letter.message == "security_alarms"]
    watches = sorted(system for system in shown if "watch" in town.compiled.systems[system].hosts)
    watched = min(watches, key=town.stands_still)
    return await _alarmed(town, way, watched)


async def commands(town: Town, way: Way) -> Seen:
    """The plug, switched from the terminal and back: from away over whoever hosts the home, indoors by the gateway alone."""
    home = await indoors(town)
    async with await the_plug(town):
        return await (_switched_alone(town, way, home) if is_indoors(town, way) else _switched_from_away(town, way, home))


async def _switched_from_away(town: Town, way: Way, home: Indoors) -> Seen:
    """Ordered in the app: done and read back there, and switched at the gateway."""
    host = town.host("places")
    app, account = await town.resident_at(host)
    await town.seen(lambda: Away(app, account).value(PLUG, "switch"), needs=(GATEWAY, host), what="home_state")
    for wanted in await _each_way(home):
        began = unix_s()
        look = _ordered(app, f"/households/{account}/places/orders", wanted)
        done, at_s = await town.seen(look, needs=(GATEWAY, host), what="order")
        must_be("read_back", wanted, done["read_back"])
        must_be("switch", wanted, await _plug(home))
    if way.receiver not in town.ports:
        told, key = Letter(host, way.message, way.receiver), done["id"]
    else:
        told, key = Letter(way.sender, way.message, host), account
    return await seen_spoken(town, told, keeper=host, key=key, acted_s=began, saw_s=at_s)


def _ordered(app: Client, orders: str, wanted: int) -> Callable[[], Awaitable[Row | None]]:
    """Looks for an order that is done; what came to nothing (the gateway was just coming back) is ordered again as anybody would."""
    standing = dict[str, Row]()

    async def look() -> Row | None:
        if standing:
            standing["order"] = await app.get(f"{orders}/{standing['order']['id']}")
        if not standing or standing["order"]["outcome"] not in (None, "done"):
            standing["order"] = await app.post(orders, {"point": PLUG, "value": wanted, "within_s": 600})
        return standing["order"] if standing["order"]["outcome"] == "done" else None

    return look


async def _switched_alone(town: Town, way: Way, home: Indoors) -> Seen:
    """Switched while nothing can leave the home."""

    async def look() -> Row | None:
        shown = await home.shown("/state")
        return None if shown["uplink"] else shown

    await home.do("/edge/uplink", 0)
    try:
        for wanted in await _each_way(home):
            await town.seen(look, needs=(GATEWAY,), what="order")
            began = unix_s()
            await home.do(f"/points/{PLUG}", wanted)
            shown, at_s = await home.shown("/state"), unix_s()
            must_be("uplink", False, shown["uplink"])
            must_be("switch", wanted, (shown_value(PLUG, "switch", shown) or {}).get("value"))
    finally:
        await home.do("/edge/uplink", 1)
    return Seen(at_s - began, f"{way.receiver}:{PLUG}:{wanted}")


async def _each_way(home: Indoors) -> tuple[int, int]:
    """What the plug is switched to, and back: what is the same all the time is not both."""
    now = await _plug(home)
    return 1 - now, now


async def _plug(home: Indoors) -> int:
    now = await home.value(PLUG, "switch")
    return int(now["value"]) if now else 0


async def _event(town: Town, way: Way, point: str, code: str) -> Seen:
    eyes, happened = await watching(town, way), await acted_in_home(town, point)
    return await _look(town, way, lambda: eyes.newest_event(point), {"code": code, "at": happened.at}, happened.began_s)


async def _alarmed(town: Town, way: Way, watched: str) -> Seen:
    """Smoke, as the people of an authority see it, and the letter that travelled this way."""
    official, happened = await town.someone(watched), await acted_in_home(town, SMOKE)

    async def look() -> Row | None:
        rows = (await official.get("/watch"))["rows"]
        return next((row for row in rows if row["what"] == "alarm" and row["is_open"] and SMOKE in row["kind"]), None)

    row, at_s = await town.seen(look, needs=[GATEWAY, way.sender, way.receiver, watched], what="alarm")
    _must_be_of(happened, row["began_at"])
    return await seen_letter(town, way, acted_s=happened.began_s, saw_s=at_s)


async def _alarm_at_door(town: Town, way: Way) -> Seen:
    """The same for whoever helps: of the home itself."""
    happened = await acted_in_home(town, SMOKE)

    def find(message: Row) -> Row | None:
        return message if (message["kind"], message["state"]) == (SMOKE, "raised") else None

    message, seen = await read_at_door(town, way, find, acted_s=happened.began_s, needs=[GATEWAY])
    must_be("place", homes_with_gateways(town.city.rows)[0], message["place"])
    _must_be_of(happened, message["at"])
    return seen


def _must_be_of(happened: Happened, told: str) -> None:
    """An alarm is of the instant at which the gateway noted what it is about."""
    must_be("at", happened.at, unix_of(told))


async def _look(town: Town, way: Way, what: Callable[[], Awaitable[Any]], wanted: Any, began: float) -> Seen:
    async def look() -> bool | None:
        return True if await what() == wanted else None

    _, at_s = await town.seen(look, needs=needed_by(town, way), what=way.message)
    return Seen(at_s - began, f"{way.receiver}:{way.message}:{wanted}")
