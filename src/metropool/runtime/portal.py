"""The portal of the nodes in this process: desks, facts of the deployment, the HTTP server."""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import uvicorn
from msgspec import to_builtins

from metropool import __version__
from metropool.access import SessionRule
from metropool.core.clock import Instant, ScaledClock
from metropool.core.errors import Invalid, Unavailable
from metropool.core.identifiers import SystemId
from metropool.exchange.evidence import Evidence
from metropool.exchange.ways import PLACES
from metropool.plan.compiled import Compiled
from metropool.plan.outside import WITH_GATEWAYS
from metropool.portal.app import make_app
from metropool.portal.schemas import site as schema
from metropool.portal.schemas.basics import Text
from metropool.portal.schemas.conformance import Conformance
from metropool.portal.schemas.trust import Why, WhyChoices
from metropool.portal.settings import PortalSettings
from metropool.runtime.batch_health import batch_lines
from metropool.runtime.chain_health import chain_checks, chain_line, signing_line
from metropool.runtime.desks import desks_of, plans_beside
from metropool.runtime.node import Node
from metropool.runtime.patience import Patient
from metropool.runtime.results import conformance_of
from metropool.runtime.settings import Settings
from metropool.runtime.site_folder import site_folder
from metropool.runtime.traffic import parked
from metropool.runtime.why import choices, why_system

LEAVE_S = 2
"""How long answers that are under way are waited for at the end [s of the machine]."""
CITY_NAME = Text(zh="澜湾市智慧用能", en="Lanwan City Utilities")


def bind(settings: Settings) -> socket.socket:
    """The site's port, ours from here on; nobody is heard before ``serve``.

    Raises:
        Invalid: The certificate it is to be served with is none.
        Unavailable: It is taken, or the address is not this machine's.
    """
    _try_certificate(settings)
    bound = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((settings.host, settings.port))
    except OSError as cause:
        bound.close()
        if cause.errno == errno.EADDRINUSE:
            raise Unavailable(
                f"port {settings.port} is taken: choose another with METROPOOL_PORT (of a demo with --port)"
            ) from cause
        where = f"{settings.host}:{settings.port}"
        raise Unavailable(f"cannot listen on {where}: {cause.strerror}; check METROPOOL_HOST and METROPOOL_PORT") from cause
    return bound


def _try_certificate(settings: Settings) -> None:
    certificate, key = settings.site_certificate, settings.site_key
    if certificate is None and key is None:
        return
    if certificate is None:
        raise Invalid(f"METROPOOL_SITE_KEY={key} has no METROPOOL_SITE_CERTIFICATE beside it")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except OSError as cause:
        given = f"METROPOOL_SITE_CERTIFICATE={certificate}, METROPOOL_SITE_KEY={key or ''}"
        raise Invalid(f"{given}: no certificate (PEM) with its key: {cause.strerror or cause}") from cause


async def serve(nodes: Sequence[Node], *, settings: Settings, compiled: Compiled, bound: socket.socket) -> None:
    """Answer the pages of some nodes on a port that is ours, until cancelled."""
    by_name = {node.system: node for node in nodes}
    app = make_app(
        by_name,
        site_folder(),
        portal_settings(nodes, settings=settings),
        desks=desks_of(by_name, settings=settings, compiled=compiled),
        facts=Facts(by_name, settings=settings, compiled=compiled),
    )
    config = uvicorn.Config(
        app,
        http=Patient,
        log_level="warning",
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=LEAVE_S,
        ssl_certfile=settings.site_certificate,
        ssl_keyfile=settings.site_key,
    )
    server = Server(config)
    serving = asyncio.ensure_future(server.serve(sockets=[bound]))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await serving


class Server(uvicorn.Server):
    """The HTTP server, which leaves signals to the process it is a part of: it would swallow one that comes while it starts."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """No signal is taken."""
        yield


def portal_settings(nodes: Sequence[Node], *, settings: Settings) -> PortalSettings:
    """How the portal behaves here; sessions last as long for people whatever the speed of the business clock."""
    door = next((node.system for node in nodes if "settlement" in node.hosts), nodes[0].system)
    clock = settings.the_clock
    speed = clock.speed if isinstance(clock, ScaledClock) else 1.0
    return PortalSettings(door=door, sessions=_for_people(speed), public_url=settings.public_url)


def _for_people(speed: float) -> SessionRule:
    """The usual rule, in business time that runs ``speed`` times as fast as the people it is for."""
    usual = SessionRule()
    return replace(usual, idle=usual.idle * speed, longest=usual.longest * speed)


@dataclass(frozen=True)
class Facts:
    """What the front door says of the deployment."""

    nodes: Mapping[SystemId, Node]
    settings: Settings
    compiled: Compiled
    plan_of: Callable[[str], Compiled]

    def __init__(self, nodes: Mapping[Any, Node], *, settings: Settings, compiled: Compiled) -> None:
        object.__setattr__(self, "nodes", nodes)
        object.__setattr__(self, "settings", settings)
        object.__setattr__(self, "compiled", compiled)
        object.__setattr__(self, "plan_of", plans_beside(compiled))

    def site(self, *, now: Instant) -> schema.Site:
        """The site, its plan and its systems."""
        clock = self.settings.the_clock
        return schema.Site(
            name=CITY_NAME,
            version=__version__,
            plan=schema.PlanNamed(id=self.compiled.plan, title=_text(self.compiled.title)),
            now=now,
            clock_speed=clock.speed if isinstance(clock, ScaledClock) else 1.0,
            demo=self.settings.demo,
            systems=[self._system(node) for node in self.nodes.values()],
            hosted_by=self.compiled.hosted_by(),
        )

    async def hosts_of(self, households: Sequence[str]) -> dict[str, dict[str, str]]:
        """By household and capability the system that is there for it: the one for the place it lies in."""
        several = {name: hosts for name, hosts in self.compiled.hosted_by().items() if name in WITH_GATEWAYS and len(hosts) > 1}
        node = next((node for node in self.nodes.values() if "settlement" in node.hosts), None)
        if not several or not households or node is None:
            return {}

        def ask(work: Any) -> dict[str, dict[str, str]]:
            found: dict[str, dict[str, str]] = work.registry.surroundings(households, kinds=PLACES, combined=True)
            return found

        places = await node.read("settlement", ask)
        at = {name: {self.compiled.systems[SystemId(host)].place: host for host in hosts} for name, hosts in several.items()}
        return {
            account: {name: hosts[place] for name, hosts in at.items() for place in lies_in.values() if place in hosts}
            for account, lies_in in places.items()
        }

    async def health(self) -> schema.Health:
        """How every system in this process is."""
        now = self.settings.the_clock.now()
        return schema.Health(as_of=now, systems=[self._health(node) for node in self.nodes.values()])

    async def keys(self) -> schema.PublicKeys:
        """The keys that the systems in this process signed their evidence with."""
        keys = [
            schema.PublicKey.model_validate(to_builtins(key, builtin_types=(datetime,)))
            for node in self.nodes.values()
            for key in await node.read(min(node.hosts), lambda work: Evidence(work.context).keys())
        ]
        return schema.PublicKeys(as_of=self.settings.the_clock.now(), keys=keys)

    async def conformance(self, *, plan: str | None) -> Conformance | None:
        """The last conformance run of a plan that was kept in this home; ``NotFound`` where there is no such plan."""

        def kept() -> Conformance | None:
            return conformance_of(self.plan_of(plan or self.compiled.name), home=self.settings.home)

        return await asyncio.to_thread(kept)

    def why_choices(self) -> WhyChoices:
        """Systems and messages one may ask about."""
        return choices(self.compiled)

    def why_system(self, *, system: str, message: str) -> Why:
        """Whether a system can hear a message, and why."""
        return why_system(self.compiled, system=system, message=message)

    def _system(self, node: Node) -> schema.SystemInfo:
        facts = self.compiled.systems[node.system]
        party = self.compiled.whole.parties.get(facts.party)
        return schema.SystemInfo(
            id=node.system,
            name=_text(facts.title),
            party=facts.party,
            party_name=_text(party) if party else Text(zh=facts.party, en=facts.party),
            hosts=[schema.Hosting(capability=name, of=list(host.rows)) for name, host in node.hosted.items()],
        )

    def _health(self, node: Node) -> schema.SystemHealth:
        waiting, set_aside = len(node.unsent(limit=1000)), parked(node)
        checks = [
            schema.Check(
                name=Text(zh="待发消息", en="Messages waiting"),
                state="up" if waiting < 100 else "degraded",
                detail=Text(zh=f"{waiting} 条", en=f"{waiting}"),
            ),
            schema.Check(
                name=Text(zh="搁置消息", en="Messages parked"),
                state="up" if not set_aside else "degraded",
                detail=Text(zh=f"{set_aside} 条", en=f"{set_aside}"),
            ),
        ]
        checks += batch_lines(node)
        checks += [*(chain_line(check) for check in chain_checks(node)), signing_line(node)]
        state: schema.State = "up" if all(check.state == "up" for check in checks) else "degraded"
        return schema.SystemHealth(id=node.system, name=self._system(node).name, state=state, checks=checks)


def _text(title: Any) -> Text:
    return Text(zh=title.zh, en=title.en)
