"""A server of a broker that is not the one broker on this machine: from the brokers' file, the plan and the machine's certificates."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from metropool.exchange.ways import PLACES
from metropool.plan.broker import BrokerPlan
from metropool.plan.broker_file import BrokerSettings
from metropool.plan.compiled import Compiled
from metropool.plan.load import load_sites
from metropool.plan.sites import Sites, blocks_of, check_sites
from metropool.plan.zones import Zone, apart, split
from metropool.runtime.broker_keys import seed_of
from metropool.runtime.certificates.trust import Certificates
from metropool.runtime.settings import Settings


@dataclass(frozen=True)
class Beyond:
    """What a server needs that is not alone in its city.

    Attributes:
        name: Its name among the servers; its files are under ``<home>/broker/<name>``.
        broker: What its broker must hold.
        url: Where clients find its broker.
        place: Its place among the servers of its broker, from 0.
        settings: How it runs, asked again at each start and whenever it is to read its configuration again; given its folder.
        tls: How a client speaks with it; None on one machine.
    """

    name: str
    broker: BrokerPlan
    url: str
    place: int
    settings: Callable[[Path], BrokerSettings]
    tls: Callable[[], ssl.SSLContext] | None = None


def beyond_of(server: str, *, settings: Settings, compiled: Compiled) -> Beyond:
    """One server of the brokers' file.

    Raises:
        NotFound: The file is not there, or names no such server.
        Invalid: The file does not fit the plan.
    """
    sites, zones = read_sites(settings, compiled)
    name, site = sites.site(server)
    zone = zones[name]
    certificates = Certificates(settings.certificate_folder) if sites.tls else None

    def settings_now(folder: Path) -> BrokerSettings:
        users = [border.user for border in zone.dials]
        seeds = {user.name: seed_of(settings.home, account=user.account, user=user.name) for user in users}
        tls = certificates.for_server() if certificates else None
        return BrokerSettings(
            host=site.at(site.port, listening=True).rpartition(":")[0],
            port=site.port,
            store=str(folder / "store"),
            name=site.name,
            gateway_port=site.gateways or 0,
            replicas=sites.replicas(name),
            blocks=blocks_of(site, zone=zone, sites=sites, seeds=seeds, tls=tls),
        )

    tls = certificates.for_client if certificates else None
    place = sites.brokers[name].index(site)
    return Beyond(name=server, broker=zone.broker, url=sites.url(name), place=place, settings=settings_now, tls=tls)


def read_sites(settings: Settings, compiled: Compiled) -> tuple[Sites, Mapping[str, Zone]]:
    """Where the brokers run, and what each must hold.

    Raises:
        NotFound: The file is not there.
        Invalid: It does not fit the plan.
    """
    loaded = load_sites(Path(settings.broker))
    sites = loaded.content
    places = [name for name in sites.brokers if name in compiled.systems and compiled.systems[name].per in PLACES]
    zones = split(compiled.broker, apart(compiled.brokers, places))
    check_sites(sites, zones, source=loaded.source)
    return sites, zones
