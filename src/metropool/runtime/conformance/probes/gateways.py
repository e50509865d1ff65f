"""The door for gateways (MQTT), with each home's real credential: whose name, whose topics, what it may say and hear."""

import json
import ssl
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from itertools import cycle

from metropool.plan.broker import provisioner_of
from metropool.plan.gateways import DROP, KNOCK, RECEIPTS, STREAM, Gateways
from metropool.runtime.conformance.probes.count import Probed
from metropool.runtime.conformance.probes.mqtt import Line, a_line
from metropool.runtime.conformance.probes.users import at_door
from metropool.runtime.conformance.town.moments import drawn_word
from metropool.runtime.conformance.town.town import GATEWAY, Town
from metropool.runtime.demo.gateways import CREDENTIALS


@dataclass(frozen=True)
class Home:
    """A home with its gateway's real credential, where it comes in, and how (``tls``)."""

    name: str
    secret: str
    door: str
    tls: ssl.SSLContext | None

    def line(self) -> AbstractAsyncContextManager[Line]:
        """A connection to where it comes in."""
        return a_line(self.door, self.tls)

    async def comes_in(self, line: Line) -> bool:
        """Come in as this home's gateway."""
        return await line.comes_in(client=self.name, name=self.name, secret=self.secret)


async def probe_gateways(town: Town, probed: Probed) -> None:
    """Come in as whom one is not, listen to what is another's, and say it."""
    gateways = town.compiled.broker.gateways
    if gateways is None:
        return
    await town.processes.end(GATEWAY)  # who comes in under its name would put it out, and it us
    homes = list(_homes(town))
    for home in homes:
        await _log_in(town, probed, home)
        others = [other.name for other in homes if other != home]
        await _subscribe(probed, home, others)
        for other in (each for each in homes if each != home):
            await _publish(town, probed, gateways, home, other)


def _homes(town: Town) -> Iterator[Home]:
    for (note, credential), door in zip(CREDENTIALS, cycle(town.brokers.gateways_at), strict=False):
        if (town.home / note).exists():
            name = json.loads((town.home / note).read_text(encoding="utf-8"))["name"]
            secret = (town.home / credential).read_text(encoding="ascii").strip()
            yield Home(name, secret, door, town.brokers.tls)


async def _log_in(town: Town, probed: Probed, home: Home) -> None:
    gateways = town.compiled.broker.gateways
    assert gateways is not None
    host, own = gateways.host_of(home.name) or "", gateways.home_of(home.name)
    homes = [row["id"] for row in town.city.rows["places"] if row["kind"] == "home" and row["id"] != own]
    others = [gateways.name_of(at, other) for at in gateways.hosts for other in homes]
    others += [gateways.name_of(at, own) for at in gateways.hosts if at != host]
    strangers = {(home.name, "wrong"), (home.name, ""), ("", ""), ("home-nobody", home.secret), (f"nobody/{own}", home.secret)}
    strangers |= {(other, home.secret) for other in others}
    leaked = [who for who, word in sorted(strangers) if await _lets_in(home, who, word)]
    leaked += ["other client id"] if await _lets_in(home, home.name, home.secret, client="probe") else []
    probed.refusals("mqtt log in", [*strangers, "other client id"], leaked, who=home.name)
    probed.control("mqtt log in", home.name, passed=await _lets_in(home, home.name, home.secret))


async def _subscribe(probed: Probed, home: Home, others: list[str]) -> None:
    foreign = ["#", "+/#", "home/#", "home/+/down/#", "$SYS/#", "reply/#", f"home/{home.name}/up/#"]
    foreign += [f"home/{other}/{way}/#" for other in others for way in ("up", "down")]
    heard = [topic for topic in foreign if await _hears(home, topic)]
    probed.refusals("mqtt subscribe", foreign, heard, who=home.name)
    probed.control("mqtt subscribe", home.name, passed=await _hears(home, f"home/{home.name}/down/#"))


async def _publish(town: Town, probed: Probed, gateways: Gateways, home: Home, other: Home) -> None:
    """Say what is another's to say or to hear: none of it is stored, and the other, who listens, is told and put out by nothing."""
    up = sorted({RECEIPTS, *(message for messages in gateways.heard.values() for message in messages)})
    down = sorted({message for messages in gateways.said.values() for message in messages})
    stored = [f"home/{other.name}/up/{message}" for message in up]
    told = [f"home/{name.name}/down/{message}" for name in (home, other) for message in down]
    inner = [f"{asked}.{host}".replace(".", "/") for host in gateways.hosts for asked in (DROP, KNOCK)]
    reached = [*inner, "$SYS/REQ/SERVER/PING", f"$JS/API/STREAM/DELETE/{STREAM}"]
    async with home.line() as line, other.line() as victim:
        is_in = await home.comes_in(line) and await other.comes_in(victim)
        is_in = is_in and await victim.may_hear(f"home/{other.name}/down/#")
        before = await _stored(town, gateways)
        for topic in (*stored, *told, *reached):
            await line.publish(topic, _said(other.name))
        between = await _stored(town, gateways)
        is_said = is_in and await line.publish(f"home/{home.name}/up/{up[0]}", _said(home.name))
        after = await _stored(town, gateways)
        await victim.settle()
    leaked = [f"{between - before} stored of {other.name}"] if between != before else []
    leaked += [f"{len(victim.heard)} told {other.name}"] if victim.heard else []
    leaked += [f"{other.name} was put out"] if is_in and not victim.is_open else []
    probed.refusals("mqtt publish", [*stored, *told, *reached], leaked, who=home.name)
    probed.control("mqtt publish", home.name, passed=is_said and after == between + 1)


async def _stored(town: Town, gateways: Gateways) -> int:
    """How many messages of gateways the broker ever stored, as their provisioning user is told."""
    user = next(each for each in town.compiled.broker.users if each.name == provisioner_of(gateways.account))
    async with at_door(town.brokers, user=user) as prober:
        info = await prober.ask(f"$JS.API.STREAM.INFO.{STREAM}")
        return int(info["state"]["last_seq"]) if info else -1


def _said(place: str) -> bytes:
    """Something a host would take in for what a gateway says, or a gateway for an order."""
    word = drawn_word()
    order = {"request": word, "point": "plug", "item": "switch", "value": 1, "expires_at": 4_000_000_000}
    return json.dumps({"v": 1, "id": word, "received": [], "place": place, **order}).encode()


async def _lets_in(home: Home, who: str, word: str, *, client: str = "") -> bool:
    async with home.line() as line:
        return await line.comes_in(client=client or who, name=who, secret=word)


async def _hears(home: Home, topic: str) -> bool:
    """Each on a connection of its own: a refusal may end it."""
    async with home.line() as line:
        return await home.comes_in(line) and await line.may_hear(topic)
