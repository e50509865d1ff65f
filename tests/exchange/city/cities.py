"""The brokers of a plan on loopback, as a brokers' file places them: real servers, with or without TLS."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from nats.errors import NoRespondersError

from exchange.broker.harness import Probe
from exchange.plan.cases import transition
from metropool.core.clock import SystemClock
from metropool.exchange.transport import client_with, secured
from metropool.plan.compiled import Compiled
from metropool.plan.sites import Sites
from metropool.plan.zones import Zone
from metropool.runtime.broker import BrokerServer, seed_of
from metropool.runtime.broker_beyond import read_sites
from metropool.runtime.broker_place import broker_tls, keep_server
from metropool.runtime.certificates.authority import Authority
from metropool.runtime.ports import free_ports
from metropool.runtime.settings import Settings

HOST = "127.0.0.1"


def place(home: Path, *, servers: dict[str, int], tls: bool) -> Settings:
    """Write a brokers' file: broker to how many servers it has; the settings of a machine that goes by it."""
    ports = iter(free_ports(4 * sum(servers.values())))
    brokers = {
        broker: [
            {"name": f"{broker}-{number + 1}", "host": HOST}
            | {name: next(ports) for name in ("port", "links", "routes", "gateways")}
            for number in range(count)
        ]
        for broker, count in servers.items()
    }
    file = home / "brokers.yaml"
    home.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"tls": tls, "brokers": brokers}))
    return Settings(home=home, broker=str(file), certificates=home / "certificates")


def certify(
    home: Path, *, name: str = "machine", to: str = "certificates", hosts: tuple[str, ...] = (HOST,), **term: Any
) -> Path:
    """Make a machine's certificate; its folder. ``days`` and ``ago`` (days since it was made) may be told."""
    ago = term.pop("ago", 0)
    authority = Authority(home / "authority", now=SystemClock().now() - timedelta(days=ago))
    try:
        authority.hand(authority.issue(name, hosts=hosts, **term), to=home / to)
        authority.hand_trust(home / "certificates")
    finally:
        authority.close()
    return home / to


@dataclass
class Brokers:
    """Running servers, and who may log in to them."""

    settings: Settings
    compiled: Compiled
    sites: Sites
    zones: dict[str, Zone]
    servers: dict[str, BrokerServer] = field(default_factory=dict)
    open: list[Probe] = field(default_factory=list)

    def broker_of(self, system: str) -> str:
        return next(name for name, zone in self.zones.items() if system in zone.broker.accounts)

    def url(self, system: str) -> str:
        return self.sites.url(self.broker_of(system))

    async def say(self, probe: Probe, subject: str, data: bytes = b"control") -> dict[str, Any]:
        """Say something until it has its receipt: a link may not be up yet."""
        async with asyncio.timeout(30):
            while True:
                try:
                    return await probe.say(subject, data)
                except (NoRespondersError, TimeoutError):
                    await asyncio.sleep(0.05)

    async def probe(self, user: str, *, account: str | None = None, url: str | None = None) -> Probe:
        """Log in as a user of the plan, at the broker of its system."""
        found = Probe(user)
        seed = seed_of(self.settings.home, account=account or user, user=user)
        tls = broker_tls(self.settings)
        found.client = client_with(tls)
        await found.client.connect(
            (url or self.url(account or user)).split(","),
            nkeys_seed_str=seed,
            inbox_prefix=f"reply.{user}".encode(),
            error_cb=found.note,
            reconnect_time_wait=0.1,
            max_reconnect_attempts=-1,
            **secured(tls),
        )
        self.open.append(found)
        return found


@asynccontextmanager
async def running_brokers(settings: Settings, compiled: Compiled | None = None) -> AsyncIterator[Brokers]:
    """Every server of the brokers' file, started, its streams there."""
    compiled = compiled or transition()
    sites, zones = read_sites(settings, compiled)
    brokers = Brokers(settings=settings, compiled=compiled, sites=sites, zones=dict(zones))
    async with AsyncExitStack() as stack:
        for site in (site for each in sites.brokers.values() for site in each):
            brokers.servers[site.name] = await keep_server(stack, site.name, settings=settings, compiled=compiled)
        for server in brokers.servers.values():
            await server.provisioned()
        try:
            yield brokers
        finally:
            await asyncio.gather(*(probe.client.close() for probe in brokers.open))
