"""An announcement that an office's people write and publish, at who receives it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from metropool.runtime.conformance.checks.at_doors import has_door, read_at_door
from metropool.runtime.conformance.checks.months import Row, must_be
from metropool.runtime.conformance.checks.seeing import Seen, seen_letter
from metropool.runtime.conformance.failed import Failed
from metropool.runtime.conformance.town.moments import drawn_word, unix_s
from metropool.runtime.conformance.town.people import Client
from metropool.runtime.conformance.town.town import Town
from metropool.runtime.conformance.ways import Way


@dataclass(frozen=True)
class Published:
    """An announcement as its office has it, and when it was published [Unix s of the machine]."""

    notice: Row
    office: str
    at_s: float


async def published(town: Town, medium: str, sender: str) -> Published:
    """Write and publish an announcement of a medium at its office, with words nobody used before; at the sender where that is one."""
    own = sender in town.ports and medium in (town.rows(sender, "office") or ())
    office = sender if own else town.host("office", medium)

    async def publish() -> Published:
        client, word = await town.someone(office), drawn_word()
        words = {f"{part}_{language}": f"{part} {language} {word}" for part in ("title", "text") for language in ("zh", "en")}
        when = {"starts_at": (town.clock.now() + timedelta(hours=1)).isoformat()}
        given = {"service": medium, "kind": "general", **words, **when, "area": await _everywhere(client)}
        draft = await client.post("/notices", given)
        began = unix_s()
        return Published(await client.post(f"/notices/{draft['id']}/publication", {"seen": draft["revision"]}), office, began)

    return await town.once(("published", office, medium), publish)


async def announcement(town: Town, way: Way) -> Seen:
    """An announcement at the receiver: with its people, in the app of a resident it is for, at its door, or past it."""
    said = await published(town, way.service, way.sender)
    systems, needs = town.compiled.systems, _between(town, said, way)
    if "notices" in systems[way.receiver].hosts:
        client = await _publisher_at(town, way.receiver, said.office)
        at_s = await _shown(town, said, client, f"/offices/{said.office}/notices", needs)
    elif systems[way.receiver].face == "resident":
        client, account = await town.resident()
        at_s = await _shown(town, said, client, f"/households/{account}/notices", needs)
        return Seen(at_s - said.at_s, f"{way.sender}:notice:{said.notice['id']}/{said.notice['edition']}")
    elif has_door(town, way.receiver):
        return await _at_door(town, said, way, needs)
    else:
        onward = await announcement(town, _onward(town, way))
        at_s = said.at_s + onward.delay_s
    return await seen_letter(town, way, acted_s=said.at_s, saw_s=at_s)


async def _shown(town: Town, said: Published, client: Client, path: str, needs: Sequence[str]) -> float:
    """When it was first shown, in its own words [Unix s of the machine]."""

    async def look() -> Row | None:
        rows = (await client.get(path, size=200))["rows"]
        return next((row for row in rows if row["id"] == said.notice["id"]), None)

    row, at_s = await town.seen(look, needs=needs, what="announcement")
    must_be("title", said.notice["title"], row["title"])
    if "text" in row:
        must_be("text", said.notice["words"]["text"], row["text"])
    return at_s


async def _at_door(town: Town, said: Published, way: Way, needs: Sequence[str]) -> Seen:
    """The same at a door, as its office wrote it."""

    def find(message: Row) -> Row | None:
        return message if (message["notice"], message["office"]) == (said.notice["id"], said.office) else None

    letter, seen = await read_at_door(town, way, find, acted_s=said.at_s, needs=needs)
    for part, words in (("title", said.notice["title"]), ("text", said.notice["words"]["text"])):
        must_be(part, words, {language: letter[f"{part}_{language}"] for language in ("zh", "en")})
    return seen


def _between(town: Town, said: Published, way: Way) -> list[str]:
    """Who must be at work: the office, both ends, and whoever passes such announcements on."""
    passing = [name for name, phrases in town.compiled.passes.items() if way.message in phrases]
    return [name for name in dict.fromkeys((said.office, way.sender, way.receiver, *passing)) if name in town.ports]


def _onward(town: Town, way: Way) -> Way:
    """The way on from a relay that shows nobody what it passes on, to a door or to who shows it.

    Raises:
        Failed: It goes on to neither.
    """
    for letter in sorted(town.compiled.letters, key=lambda each: (town.stands_still(each.receiver), each)):
        shows = has_door(town, letter.receiver) or "notices" in town.compiled.systems[letter.receiver].hosts
        if (letter.sender, letter.message) == (way.receiver, way.message) and shows:
            return replace(way, sender=letter.sender, receiver=letter.receiver)
    raise Failed("nobody_looks", system=way.receiver)


async def _everywhere(client: Client) -> Row:
    """All that an office may speak of: the city, or every place of the kind it manages."""
    told = await client.get("/notice-areas")
    if "city" in told["areas"]:
        return {"kind": "city"}
    named = (feature["properties"] for feature in told["features"]["features"])
    return {"kind": "places", "places": sorted({place["id"] for place in named if place["kind"] in told["choosable"]})}


async def _publisher_at(town: Town, system: str, office: str) -> Client:
    """The people of a publishing office at the door of who hosts its notices."""
    return await town.enter(system, town.member(office).login)
