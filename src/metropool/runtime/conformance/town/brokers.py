"""The brokers of a town: one process for all, or servers of a brokers' file, each a process of its own, with TLS as beyond one machine."""

import json
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from metropool.core.clock import SystemClock
from metropool.plan.broker import BrokerUser
from metropool.plan.compiled import Compiled
from metropool.plan.gateways import kind_of
from metropool.plan.sites import Site, Sites
from metropool.plan.zones import Zone, split
from metropool.runtime.broker_beyond import read_sites
from metropool.runtime.broker_place import broker_tls, gateways_at, note_of
from metropool.runtime.certificates.authority import Authority
from metropool.runtime.ports import free_ports, noted
from metropool.runtime.settings import Settings
from metropool.storage.disk import write_durably

FILE, AUTHORITY, CERTIFICATES, SYSTEMS = "brokers.yaml", "authority", "certificates", "systems"
HOST = "127.0.0.1"
PORTS = ("port", "links", "routes", "gateways")


@dataclass(frozen=True)
class Brokers:
    """Where the brokers of a town are, and how one speaks with them.

    Attributes:
        settings: As the town's systems have them.
        compiled: The plan that runs.
    """

    settings: Settings
    compiled: Compiled

    @property
    def servers(self) -> dict[str, tuple[Site, ...]]:
        """Broker to its servers; none where one process is the broker of all."""
        return dict(self._apart[0].brokers) if self._apart else {}

    def zone(self, broker: str) -> Zone:
        """What a broker must hold, where there are several."""
        assert self._apart is not None
        return self._apart[1][broker]

    def url(self, account: str) -> str:
        """Where users of an account log in: the servers of their broker, set apart by commas."""
        return self._url_where(lambda user: user.account == account)

    def url_of(self, user: BrokerUser) -> str:
        """Where a user logs in; one that several brokers know, at any of them."""
        return self._url_where(lambda other: other.name == user.name)

    def _url_where(self, is_known: Callable[[BrokerUser], bool]) -> str:
        if self._apart is None:
            return noted(note_of(self.settings))
        sites, zones = self._apart
        return sites.url(next(name for name, zone in zones.items() if any(map(is_known, zone.broker.users))))

    @property
    def urls(self) -> list[str]:
        """Every server."""
        return [url for broker in self.servers for url in self._sites.url(broker).split(",")] or [noted(note_of(self.settings))]

    @cached_property
    def tls(self) -> ssl.SSLContext | None:
        """How one speaks with them; None on one machine."""
        return broker_tls(self.settings)

    def gateways_at(self, name: str) -> tuple[str, ...]:
        """Where a gateway comes in that logs in under this name; nowhere where nobody vouches for it."""
        if self._apart is None:
            return gateways_at(self.settings.home)
        named = kind_of(self.compiled.broker.gateways, name)
        host = named.host_of(name) if named else None
        kinds = {broker: self.zone(broker).broker.gateways for broker in self.servers}
        at = [broker for broker, listed in kinds.items() if any(host in kind.hosts for kind in listed)]
        return tuple(site.at(site.gateways) for broker in at for site in self.servers[broker])

    @property
    def authority(self) -> Path | None:
        """Whose certificates they have, where they have any."""
        return self.settings.home / AUTHORITY / "authority.pem" if self._apart else None

    @cached_property
    def _apart(self) -> tuple[Sites, Mapping[str, Zone]] | None:
        return read_sites(self.settings, self.compiled) if self.settings.has_brokers_file else None

    @property
    def _sites(self) -> Sites:
        assert self._apart is not None
        return self._apart[0]


def place_servers(home: Path, compiled: Compiled, *, servers: int) -> dict[str, str]:
    """Write a brokers' file that gives each broker of the plan so many servers on this machine, and hand each its certificate.

    Returns:
        What the systems are told of it, by the name of the setting.
    """
    named = {broker: [f"{broker}-{n}" for n in range(1, servers + 1)] for broker in split(compiled.broker, compiled.brokers)}
    every = [name for names in named.values() for name in names]
    ports = iter(free_ports(len(PORTS) * len(every)))
    sites = {
        broker: [{"name": name, "host": HOST, **{kind: next(ports) for kind in PORTS}} for name in names]
        for broker, names in named.items()
    }
    write_durably(home / FILE, json.dumps({"brokers": sites}))
    _certify(home, every)
    return {"broker": str(home / FILE), "certificates": str(home / CERTIFICATES / SYSTEMS)}


def told_to_server(home: Path, name: str) -> dict[str, str]:
    """What a server is told beyond what systems are: its certificate is its own."""
    return {"METROPOOL_CERTIFICATES": str(home / CERTIFICATES / name)}


def _certify(home: Path, servers: Sequence[str]) -> None:
    """A certificate for each server, and one that can be nobody's server for all that dial."""
    folders = [home / CERTIFICATES / name for name in (*servers, SYSTEMS)]
    with closing(Authority(home / AUTHORITY, now=SystemClock().now())) as authority:
        for folder in folders:
            hosts = () if folder.name == SYSTEMS else (HOST,)
            authority.hand(authority.issue(folder.name, hosts=hosts), to=folder)
        for folder in folders:
            authority.hand_trust(folder)
