"""The door for gateways (MQTT), with each one's real credential: whose name, whose topics, what it may say and hear."""

import asyncio
import json
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass

from metropool.core.clock import monotonic_s
from metropool.plan.broker import provisioner_of
from metropool.plan.compiled import Compiled
from metropool.plan.gateways import DROP, HOME, KNOCK, RECEIPTS, STREAM, Gateways, kind_of
from metropool.runtime.conformance.probes.count import Probed
from metropool.runtime.conformance.probes.mqtt import Line, a_line
from metropool.runtime.conformance.probes.users import Prober, at_door
from metropool.runtime.conformance.town.moments import drawn_word
from metropool.runtime.conformance.town.town import GATEWAY, Town
from metropool.runtime.demo.gateways import credentials
from metropool.runtime.pause import pause

PATIENCE_S, AGAIN_S = 30.0, 0.5
"""For how long one who is expected dials again, and how soon [s of the machine]."""


@dataclass(frozen=True)
class Visitor:
    """A gateway with its real credential, where it comes in, and how (``tls``)."""

    kind: Gateways
    name: str
    secret: str
    door: str
    tls: ssl.SSLContext | None

    def line(self) -> AbstractAsyncContextManager[Line]:
        """A connection to where it comes in."""
        return a_line(self.door, self.tls)

    async def comes_in(self, line: Line) -> bool:
        """Come in as this gateway."""
        return await line.comes_in(client=self.name, name=self.name, secret=self.secret)

    def up(self, *messages: str) -> list[str]:
        """Topics on which it would say something."""
        return [self.kind.up(self.name, message).replace(".", "/") for message in messages]

    def down(self, *messages: str) -> list[str]:
        """Topics on which it would be told something."""
        return [self.kind.down(self.name, message).replace(".", "/") for message in messages]

    @property
    def heard(self) -> list[str]:
        """What its kind may say."""
        return sorted({message for messages in self.kind.heard.values() for message in messages})

    @property
    def said(self) -> list[str]:
        """What its kind may be told."""
        return sorted({message for messages in self.kind.said.values() for message in messages})


async def probe_gateways(town: Town, probed: Probed) -> None:
    """Come in as whom one is not, listen to what is another's, and say it."""
    if not town.compiled.broker.gateways:
        return
    await town.processes.end(GATEWAY)  # who comes in under its name would put it out, and it us
    visitors = list(_visitors(town))
    await asyncio.gather(*(_log_in(town, probed, visitor, visitors) for visitor in visitors))
    await asyncio.gather(*(_subscribe(probed, visitor, visitors) for visitor in visitors))
    await _publish(town, probed, visitors)


def _visitors(town: Town) -> Iterator[Visitor]:
    for number, (name, secret) in enumerate(credentials(town.home)):
        kind, doors = kind_of(town.compiled.broker.gateways, name), town.brokers.gateways_at(name)
        if kind is not None and doors:
            yield Visitor(kind, name, secret, doors[number % len(doors)], town.brokers.tls)


async def _log_in(town: Town, probed: Probed, visitor: Visitor, visitors: Sequence[Visitor]) -> None:
    name, secret = visitor.name, visitor.secret
    strangers = {(name, "wrong"), (name, ""), ("", ""), ("home-nobody", secret), (f"nobody/{name}", secret)}
    strangers |= {(other, secret) for other in _other_names(town, visitor, visitors)}
    leaked = [who for who, word in sorted(strangers) if await _lets_in(visitor, who, word)]
    leaked += ["other client id"] if await _lets_in(visitor, name, secret, client="probe") else []
    probed.refusals("mqtt log in", [*strangers, "other client id"], leaked, who=name)
    probed.control("mqtt log in", name, passed=await _lets_in_at_last(visitor))


def _other_names(town: Town, visitor: Visitor, visitors: Sequence[Visitor]) -> set[str]:
    """Those of other gateways, and one's own at another host or as of another kind; of homes all that the city has."""
    own, homes = visitor.kind.gateway_of(visitor.name), [row["id"] for row in town.city.rows["places"] if row["kind"] == "home"]
    names = {other.name for other in visitors}
    for kind in town.compiled.broker.gateways:
        called = [own, *homes] if kind.per == HOME == visitor.kind.per else [own]
        names |= {kind.name_of(host, each) for host in kind.hosts for each in called}
    return names - {visitor.name}


async def _subscribe(probed: Probed, visitor: Visitor, visitors: Sequence[Visitor]) -> None:
    per, others = visitor.kind.per, [other for other in visitors if other != visitor]
    foreign = ["#", "+/#", f"{per}/#", f"{per}/+/down/#", "$SYS/#", "reply/#", *visitor.up("#")]
    foreign += [topic for other in others for topic in (*other.up("#"), *other.down("#"))]
    own = visitor.down("#")
    probed.refusals("mqtt subscribe", foreign, await _heard(visitor, foreign), who=visitor.name)
    probed.control("mqtt subscribe", visitor.name, passed=await _heard(visitor, own) == own)


async def _publish(town: Town, probed: Probed, visitors: Sequence[Visitor]) -> None:
    """Say what is another's to say or to hear, or nobody's: none of it is stored, and the others, who listen, are told and put out by
    nothing."""
    async with AsyncExitStack() as stack:
        makers = [await stack.enter_async_context(_maker(town, kind)) for kind in town.compiled.broker.gateways]
        lines = {visitor: await stack.enter_async_context(visitor.line()) for visitor in visitors}
        is_in = [await visitor.comes_in(line) and await line.may_hear(*visitor.down("#")) for visitor, line in lines.items()]
        for visitor, line in lines.items():
            topics, own = _foreign(town.compiled, visitor, visitors), (*visitor.heard, RECEIPTS)[0]
            before = await _stored(makers)
            for topic in topics:
                await line.publish(topic, _said(_whom(topic, visitor, visitors), topic))
            between = await _stored(makers)
            is_said = all(is_in) and await line.publish(visitor.up(own)[0], _said(visitor.name, own))
            leaked = [f"{between - before} stored by {visitor.name}"] if between != before else []
            leaked += await _disturbed(lines, visitor)
            probed.refusals("mqtt publish", topics, leaked, who=visitor.name)
            probed.control("mqtt publish", visitor.name, passed=is_said and await _stored(makers) == between + 1)


def _foreign(compiled: Compiled, visitor: Visitor, visitors: Sequence[Visitor]) -> list[str]:
    """Topics on which one may not say anything: others', what is for oneself to hear, what no running row lists, the broker's own."""
    listed = {*visitor.heard, RECEIPTS}
    topics = [*visitor.up(*(message for message in sorted(compiled.whole.messages) if message not in listed))]
    topics += [topic for each in visitors for topic in each.down(*each.said, "anything")]
    topics += [topic for each in visitors if each != visitor for topic in each.up(*each.heard, RECEIPTS)]
    hosts = {host for kind in compiled.broker.gateways for host in kind.hosts}
    topics += [f"{asked}.{host}".replace(".", "/") for host in sorted(hosts) for asked in (DROP, KNOCK)]
    return [*topics, "$SYS/REQ/SERVER/PING", f"$JS/API/STREAM/DELETE/{STREAM}"]


def _whom(topic: str, visitor: Visitor, visitors: Sequence[Visitor]) -> str:
    """Who would be put out by what is said there: another gateway of the host that the topic names."""
    host = topic.rpartition("/")[2]
    others = (other.name for other in visitors if other != visitor and other.kind.host_of(other.name) == host)
    return next(others, visitor.name)


async def _disturbed(lines: Mapping[Visitor, Line], visitor: Visitor) -> list[str]:
    """Whom one told something, or put out."""
    found: list[str] = []
    for other, line in lines.items():
        await line.settle()
        found += [f"{len(line.heard)} told {other.name}"] if line.heard else []
        found += [f"{other.name} was put out"] if other != visitor and not line.is_open else []
        line.heard.clear()
    return found


def _maker(town: Town, kind: Gateways) -> AbstractAsyncContextManager[Prober]:
    """Who makes the stream of a kind, and may ask how it stands."""
    user = next(each for each in town.compiled.broker.users if each.name == provisioner_of(kind.account))
    return at_door(town.brokers, user=user)


async def _stored(makers: Sequence[Prober]) -> int:
    """How many messages of gateways the broker ever stored."""
    told = [await maker.ask(f"$JS.API.STREAM.INFO.{STREAM}") for maker in makers]
    return sum(int(info["state"]["last_seq"]) if info else -1 for info in told)


def _said(name: str, topic: str) -> bytes:
    """That one is there; something a host would take in for what a gateway says, or a gateway for an order; whom to put out."""
    word = drawn_word()
    told: dict[str, object] = {"v": 1, "id": word, "received": []}
    order = {"request": word, "point": "plug", "item": "switch", "value": 1, "expires_at": 4_000_000_000}
    return (name if topic.startswith("gateways") else json.dumps(told if topic.endswith(RECEIPTS) else told | order)).encode()


async def _lets_in(visitor: Visitor, who: str, word: str, *, client: str = "") -> bool:
    async with visitor.line() as line:
        return await line.comes_in(client=client or who, name=who, secret=word)


async def _lets_in_at_last(visitor: Visitor) -> bool:
    """Whether one is let in as oneself, who dials again as any gateway does: a server that has just come back may hang up once."""
    ends = monotonic_s() + PATIENCE_S
    while not await _lets_in(visitor, visitor.name, visitor.secret):
        if monotonic_s() > ends:
            return False
        await pause(AGAIN_S)
    return True


async def _heard(visitor: Visitor, topics: Sequence[str]) -> list[str]:
    """Those it is let listen to, and those that could not be tried; on a further connection where a refusal ends one."""
    found, rest = list[str](), list(topics)
    while rest:
        async with visitor.line() as line:
            if not await visitor.comes_in(line):
                return [*found, *rest]
            while rest and line.is_open:
                topic = rest.pop(0)
                found += [topic] if await line.may_hear(topic) else []
    return found
