"""An announcement that an office's people write and publish, at who receives it."""

from dataclasses import dataclass
from datetime import timedelta

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
    own = medium in town.compiled.systems[sender].hosts.get("office", ())
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
    """An announcement at the receiver: with its people, or in the app of a resident it is for."""
    said = await published(town, way.service, way.sender)
    needs = [name for name in (said.office, way.sender, way.receiver) if name in town.ports]
    if "notices" in town.compiled.systems[way.receiver].hosts:
        client, path = await _publisher_at(town, way.receiver, said.office), f"/offices/{said.office}/notices"
    elif town.compiled.systems[way.receiver].face == "resident":
        client, account = await town.resident()
        path = f"/households/{account}/notices"
    else:
        raise Failed("nobody_looks", system=way.receiver)

    async def look() -> Row | None:
        rows = (await client.get(path, size=200))["rows"]
        return next((row for row in rows if row["id"] == said.notice["id"]), None)

    row, at_s = await town.seen(look, needs=needs, what="announcement")
    must_be("title", said.notice["title"], row["title"])
    if "text" in row:
        must_be("text", said.notice["words"]["text"], row["text"])
    if way.receiver in town.ports:
        return await seen_letter(town, way, acted_s=said.at_s, saw_s=at_s)
    return Seen(at_s - said.at_s, f"{way.sender}:notice:{row['id']}/{row['edition']}")


async def _everywhere(client: Client) -> Row:
    """All that an office may speak of: the city, or every place of the kind it manages."""
    told = await client.get("/notice-areas")
    if "city" in told["areas"]:
        return {"kind": "city"}
    named = (feature["properties"] for feature in told["features"]["features"])
    return {"kind": "places", "places": sorted({place["id"] for place in named if place["kind"] in told["choosable"]})}


async def _publisher_at(town: Town, system: str, office: str) -> Client:
    """The people of a publishing office at the door of who hosts its notices."""
    return await town.enter(system, (await town.someone(office)).login)
