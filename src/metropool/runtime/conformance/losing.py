"""A town loses a server of each broker while rows are driven, twice, and gets it back; whether anything acknowledged went with it."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from metropool.core.clock import monotonic_s
from metropool.core.errors import Unavailable
from metropool.plan.broker import BrokerUser, provisioner_of
from metropool.runtime.conformance.probes.users import at_door
from metropool.runtime.conformance.town.books import Acknowledged, acknowledged
from metropool.runtime.conformance.town.processes import BROKER
from metropool.runtime.conformance.town.starting import start_server
from metropool.runtime.conformance.town.town import Town
from metropool.runtime.pause import pause

SHARES = (0.15, 0.5)
"""A server of each broker is killed when of so much of what runs it is known whether it came, and once more."""
AWAY_S = 10.0
"""How long it stays away [s of the machine]: its fellows have chosen other leaders by then, and worked on."""
LOOK_S, PATIENCE_S = 0.25, 120.0
VOTERS = 3
"""A broker of so many servers goes on without one of them."""


@dataclass(frozen=True)
class Loss:
    """A server that was killed and came back.

    Attributes:
        led: How many streams of its broker it led then, of ``streams``.
        seen: How many messages had come when it was killed.
        away_s: From its end to when it had all streams again [s of the machine].
    """

    server: str
    broker: str
    led: int
    streams: int
    seen: int
    away_s: float


@dataclass(frozen=True)
class Losses:
    """What a town went through, and what of the letters that were acknowledged is left."""

    servers: int
    killed: tuple[Loss, ...]
    letters: Acknowledged


async def lose_servers(town: Town, *, seen: Callable[[], int], of: int, say: Callable[..., None]) -> list[Loss]:
    """Kill in each broker the server that leads most of its streams, and start it again; each time a share of what runs has come.

    Args:
        seen: Of how many messages it is known so far whether they came.
        of: How many run.
        say: See ``Run``.

    Raises:
        Unavailable: One does not come back.
    """
    lost: list[Loss] = []
    for share in SHARES:
        await all_in_step(town)
        while seen() < share * of:
            await pause(LOOK_S)
        brokers = [name for name, servers in town.brokers.servers.items() if len(servers) >= VOTERS]
        found = await asyncio.gather(*(_lose(town, broker, seen()) for broker in brokers))
        for each in found:
            say("lost_server", server=each.server, led=each.led, streams=each.streams, seconds=f"{each.away_s:.1f}")
        lost += found
    return lost


async def look_at_letters(town: Town) -> Acknowledged:
    """Every letter that has its receipt, once what is under way has arrived; as it stands when that takes too long."""
    ends = monotonic_s() + PATIENCE_S
    while True:
        found = await asyncio.to_thread(acknowledged, town.home, [str(name) for name in town.compiled.nodes()])
        if found.is_whole or monotonic_s() > ends:
            return found
        await pause(LOOK_S)


async def all_in_step(town: Town) -> None:
    """Return when each stream is there, and every server that keeps it has all of it.

    Raises:
        Unavailable: One is not, for long.
    """
    ends = monotonic_s() + PATIENCE_S
    while behind := [
        name for broker in town.brokers.servers for name, told in (await _streams(town, broker)).items() if _lags(told)
    ]:
        if monotonic_s() > ends:
            raise Unavailable(f"not on all of its servers: {', '.join(behind)}")
        await pause(LOOK_S)


async def _lose(town: Town, broker: str, seen: int) -> Loss:
    """Kill the server of a broker that leads most, with everything that runs beside it, and start it again a while later."""
    leaders = Counter[str]()
    while not leaders:
        told = await _streams(town, broker)
        leaders = Counter(each["cluster"]["leader"] for each in told.values() if each and each["cluster"].get("leader"))
    ((server, led),) = leaders.most_common(1)
    began = monotonic_s()
    await town.processes.end(f"{BROKER}:{server}")
    await pause(AWAY_S)
    await start_server(town, server)
    await all_in_step(town)
    return Loss(server=server, broker=broker, led=led, streams=len(told), seen=seen, away_s=monotonic_s() - began)


async def _streams(town: Town, broker: str) -> dict[str, dict[str, Any] | None]:
    """What a broker says of each of its streams to those who make them; None where it says nothing."""
    plan = town.brokers.zone(broker).broker
    users = {user.name: user for user in plan.users}
    names = [stream.name for stream in plan.streams]
    told = await asyncio.gather(*(_told(town, users[provisioner_of(each.account)], each.name) for each in plan.streams))
    return dict(zip(names, told, strict=True))


async def _told(town: Town, user: BrokerUser, stream: str) -> dict[str, Any] | None:
    try:
        async with at_door(town.brokers, user=user) as prober:
            return await prober.ask(f"$JS.API.STREAM.INFO.{stream}")
    except Exception:  # a server that was just killed ends a connection in many ways: it says nothing
        return None


def _lags(told: dict[str, Any] | None) -> bool:
    """Whether a stream is not there, is led by nobody, or one of those who keep it lacks something."""
    if told is None or not told.get("cluster", {}).get("leader"):
        return True
    return not all(each["current"] and not each.get("offline") for each in told["cluster"].get("replicas", ()))
