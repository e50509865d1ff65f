"""Where the broker is: the note that the one who runs it keeps in ``<home>/broker/url``, read again whenever it cannot be reached."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from metropool.core.errors import Invalid, Unavailable
from metropool.plan.compiled import Compiled
from metropool.plan.load import load_sites
from metropool.runtime.broker import GATEWAYS_NOTE, BrokerServer
from metropool.runtime.broker_beyond import beyond_of, read_sites
from metropool.runtime.certificates.trust import Certificates
from metropool.runtime.gateways.porter import open_porter
from metropool.runtime.gateways.warden import open_warden
from metropool.runtime.pause import pause
from metropool.runtime.ports import noted, port_as_before
from metropool.runtime.settings import Settings
from metropool.storage.disk import write_durably

HEED_S = 0.5
"""How often a server looks whether the list of good certificates changed [s of the machine]."""
PATIENCE_S = 10
"""How long a system waits for the broker of its home to be there [s of the machine]."""


async def broker_url(
    stack: AsyncExitStack, *, settings: Settings, compiled: Compiled, with_broker: bool, system: str = ""
) -> str:
    """The broker to use: an outside one, one that another process of this home started, or our own child.

    Args:
        with_broker: Start the embedded one.
        system: Whose broker, where the city has several; any of them when left out.

    Raises:
        Unavailable: None runs, or it cannot be started.
        NotFound, Invalid: The brokers' file is not there, or does not fit the plan.
    """
    if settings.has_brokers_file:
        sites, zones = read_sites(settings, compiled)
        return sites.url(next(name for name, zone in zones.items() if not system or system in zone.broker.accounts))
    if settings.broker != "embedded":
        return settings.broker
    note = note_of(settings)
    if with_broker:
        port, gateway_port = port_as_before(note), settings.gateway_port
        server = BrokerServer(home=settings.home, broker=compiled.broker, port=port, gateway_port=gateway_port)
        await stack.enter_async_context(server)
        write_durably(note, server.url)
        if compiled.broker.gateways:
            await open_warden(stack, server.url, settings=settings, gateways=compiled.broker.gateways)
            await open_porter(stack, server.url, settings=settings, gateways=compiled.broker.gateways)
        return server.url
    await _is_noted(note)
    if not note.exists():
        raise Unavailable(
            f"no broker runs for {settings.home}: start `metropool serve broker` or `metropool serve` there, or set METROPOOL_BROKER"
        )
    return note.read_text(encoding="ascii").strip()


async def keep_server(stack: AsyncExitStack, name: str, *, settings: Settings, compiled: Compiled) -> BrokerServer:
    """One server of the brokers' file, as our child; while it runs it heeds what is revoked.

    Raises:
        NotFound, Invalid: There is no such file or server, or the file does not fit the plan.
        Unavailable: It cannot be started.
    """
    if not settings.has_brokers_file:
        raise Invalid(f"{name} is a server of a brokers' file: let METROPOOL_BROKER name that file")
    beyond = beyond_of(name, settings=settings, compiled=compiled)
    server = BrokerServer(home=settings.home, broker=beyond.broker, port=0, beyond=beyond)
    await stack.enter_async_context(server)
    if beyond.broker.gateways:
        tls = beyond.tls() if beyond.tls else None
        await open_warden(stack, beyond.url, settings=settings, gateways=beyond.broker.gateways, tls=tls)
        await open_porter(stack, beyond.url, settings=settings, gateways=beyond.broker.gateways, tls=tls)
    if beyond.tls:
        heeding = asyncio.create_task(_heed_pins(server, Certificates(settings.certificate_folder)), name=f"{name}: certificates")
        stack.callback(heeding.cancel)
    return server


async def _heed_pins(server: BrokerServer, certificates: Certificates) -> None:
    """Follow the list of good certificates, for ever: a new one is read while the server runs.

    Where one was revoked the server is started again, which cuts off who is connected with it: a server that only reads its
    configuration again holds them to the list it had before (seen with 2.15).
    """
    known = certificates.pins
    while True:
        await pause(HEED_S)
        with suppress(Unavailable, TimeoutError):
            if (now := certificates.pins) == known:
                continue
            if not await server.reload() or set(known.good) - set(now.good):
                server.restart()
            known = now


def broker_tls(settings: Settings) -> ssl.SSLContext | None:
    """How to speak with a broker beyond this machine; None with one on it.

    Raises:
        Unavailable: This machine's certificates cannot be used.
    """
    beyond = load_sites(Path(settings.broker)).content.tls if settings.has_brokers_file else "tls://" in settings.broker
    return Certificates(settings.certificate_folder).for_client() if beyond else None


async def _is_noted(note: Path) -> None:
    """Wait a while for whoever runs the broker: its systems may have been started together with it."""
    for _ in range(int(PATIENCE_S / 0.2)):
        if noted(note):
            return
        await pause(0.2)


def noted_by(settings: Settings) -> Callable[[], str] | None:
    """Tells where the broker of this home is now, or nothing; None for an outside broker, which stays where it is."""
    return None if settings.broker != "embedded" else lambda: noted(note_of(settings))


def gateways_at(home: Path) -> tuple[str, ...]:
    """Where gateways come in at the embedded broker of a home; nowhere where it hears none."""
    return tuple(filter(None, [noted(home / "broker" / GATEWAYS_NOTE)]))


def note_of(settings: Settings) -> Path:
    """Where whoever runs the broker writes its address."""
    return settings.home / "broker" / "url"
