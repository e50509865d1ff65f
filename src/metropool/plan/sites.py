"""Where the brokers of a plan run: the operator's file, and what each server is told of TLS, links and routes. Pure.

One server a broker, or three and more that keep every stream together (a cluster). Beyond this machine only with TLS.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictStr

from metropool.core.errors import NotFound
from metropool.plan.schema import Name
from metropool.plan.source import Faulty, PlanFault, Source
from metropool.plan.zones import Border, Zone, border_account

Port = Annotated[int, Field(ge=1, le=65535)]
REPLICAS = 3
TLS_TIMEOUT_S = 5


class Site(BaseModel):
    """Where one server of a broker runs.

    Attributes:
        name: Its own, among all servers of the city.
        host: What others reach it at: a name or an address that its certificate holds.
        port: For clients.
        links: For the links of other brokers.
        routes: For the other servers of its broker.
        gateways: For the gateways of homes, MQTT.
        listen: Address it listens on; ``host`` where left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=63)]
    host: Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9.:-]+$")]
    port: Port
    links: Port | None = None
    routes: Port | None = None
    gateways: Port | None = None
    listen: Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9.:-]+$")] | None = None

    def at(self, port: int | None, *, listening: bool = False) -> str:
        """Address and port, as others reach it or as it listens."""
        host = (self.listen or self.host) if listening else self.host
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Sites(BaseModel):
    """The servers of every broker; without ``tls`` on the loopback addresses of one machine only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tls: bool = True
    brokers: Mapping[Name, tuple[Site, ...]]

    def url(self, broker: str) -> str:
        """Where clients find a broker: its servers, set apart by commas.

        Raises:
            NotFound: The file names no such broker.
        """
        if broker not in self.brokers:
            told: dict[str, object] = {"name": broker, "known": ", ".join(self.brokers)}
            raise NotFound(f"the brokers' file says nowhere where {broker} runs", key="plan.sites_no_broker", values=told)
        return ",".join(f"{self.scheme}://{site.at(site.port)}" for site in self.brokers[broker])

    def site(self, name: str) -> tuple[str, Site]:
        """The broker that a server belongs to, and where it runs.

        Raises:
            NotFound: There is no such server.
        """
        every = {site.name: (broker, site) for broker, sites in self.brokers.items() for site in sites}
        if name not in every:
            told: dict[str, object] = {"name": name, "known": ", ".join(every)}
            raise NotFound(f"the brokers' file names no server {name!r}", key="plan.sites_no_server", values=told)
        return every[name]

    @property
    def scheme(self) -> str:
        """How clients speak."""
        return "tls" if self.tls else "nats"

    def replicas(self, broker: str) -> int:
        """On how many servers each stream of a broker is kept."""
        return min(len(self.brokers[broker]), REPLICAS)


def check_sites(sites: Sites, zones: Mapping[str, Zone], *, source: Source) -> None:
    """Hold the brokers' file to the plan.

    Raises:
        Faulty: Everything that is wrong, each with its line.
    """
    if faults := list(_faults(sites, zones, source)):
        what = f"the brokers' file {source.file} does not fit the plan"
        raise Faulty(what, faults, key="plan.sites_unfit", values={"file": source.file})


@dataclass(frozen=True)
class Secured:
    """What a server is told of TLS: it speaks 1.2 at least, and only with who shows a certificate that is on the list.

    Attributes:
        files: ``cert_file``, ``key_file`` and ``ca_file``, PEM.
        clients: SHA-256 of the public key of every certificate that is good.
        servers: Those of servers, who alone may link or route.
    """

    files: Mapping[str, str]
    clients: Sequence[str]
    servers: Sequence[str]

    def block(self, pins: Sequence[str], **more: Any) -> dict[str, Any]:
        """A ``tls`` block for one kind of connection."""
        return {**self.files, "verify": True, "timeout": TLS_TIMEOUT_S, "pinned_certs": sorted(pins), **more}


def blocks_of(site: Site, *, zone: Zone, sites: Sites, seeds: Mapping[str, str], tls: Secured | None) -> dict[str, Any]:
    """What the configuration of one server says of TLS, links to other brokers and routes to its fellows.

    Args:
        site: The server.
        zone: Its broker.
        sites: All servers.
        seeds: Border user to its nkey seed, for the brokers it dials.
        tls: None on one machine.
    """
    # Foreign software may let the server speak first; ours never does (``exchange.transport``).
    blocks: dict[str, Any] = {"tls": tls.block(tls.clients, handshake_first="auto")} if tls else {}
    if tls and zone.broker.gateways:  # they have a secret of their own and no certificate
        blocks["mqtt"] = {"tls": {**tls.files, "timeout": TLS_TIMEOUT_S}}
    if zone.dials or zone.hears:
        hears = {"listen": site.at(site.links, listening=True), "advertise": site.at(site.links)} if zone.hears else {}
        dials = (
            {"remotes": [_remote(border, sites, seeds, tls) for border in zone.dials], "reconnect": "1s"} if zone.dials else {}
        )
        blocks["leafnodes"] = hears | dials | ({"tls": tls.block(tls.servers, handshake_first=True)} if tls else {})
    fellows = sites.brokers[zone.name]
    if len(fellows) > 1:
        routes = [f"nats-route://{other.at(other.routes)}" for other in fellows if other != site]
        joined = {"name": zone.name, "listen": site.at(site.routes, listening=True), "routes": routes}
        blocks["cluster"] = joined | ({"tls": tls.block(tls.servers)} if tls else {})
        blocks["client_advertise"] = site.at(site.port)
    return blocks


def _remote(border: Border, sites: Sites, seeds: Mapping[str, str], tls: Secured | None) -> dict[str, Any]:
    urls = [f"{'tls' if tls else 'nats-leaf'}://{site.at(site.links)}" for site in sites.brokers[border.outer]]
    dial = {"urls": urls, "account": border_account(border.outer), "nkey": seeds[border.user.name]}
    return dial | ({"tls": {**tls.files, "handshake_first": True}} if tls else {})


def _faults(sites: Sites, zones: Mapping[str, Zone], source: Source) -> Iterator[PlanFault]:
    for name in sites.brokers:
        if name not in zones:
            yield source.fault("site_no_broker", "brokers", name, name=name, known=", ".join(zones))
    for name, zone in zones.items():
        servers = sites.brokers.get(name, ())
        if len(servers) in (0, 2):
            yield source.fault("site_count", "brokers", name, name=name, count=len(servers))
        for place, site in enumerate(servers):
            for key, told in _troubles(site, zone, alone=len(servers) == 1, tls=sites.tls):
                yield source.fault(key, "brokers", name, place, name=site.name, **told)
    yield from _twice(sites, source)


def _twice(sites: Sites, source: Source) -> Iterator[PlanFault]:
    seen: set[str] = set()
    for broker, servers in sites.brokers.items():
        for place, site in enumerate(servers):
            if site.name in seen:
                yield source.fault("site_twice", "brokers", broker, place, "name", name=site.name)
            seen.add(site.name)


def _troubles(site: Site, zone: Zone, *, alone: bool, tls: bool) -> Iterator[tuple[str, dict[str, str]]]:
    if zone.hears and site.links is None:
        yield "site_links", {"inner": ", ".join(border.inner for border in zone.hears)}
    if not alone and site.routes is None:
        yield "site_routes", {"broker": zone.name}
    if zone.broker.gateways and site.gateways is None:
        yield "site_gateways", {}
    if not tls and not _is_loopback(site):
        yield "site_beyond", {"host": site.host}


def _is_loopback(site: Site) -> bool:
    try:
        return all(ip_address(host).is_loopback for host in (site.host, site.listen or site.host))
    except ValueError:
        return site.host == "localhost" == (site.listen or site.host)
