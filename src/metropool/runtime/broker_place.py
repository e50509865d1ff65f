"""Where the broker is: the note that the one who runs it keeps in ``<home>/broker/url``, read again whenever it cannot be reached."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from metropool.core.errors import Unavailable
from metropool.plan.compiled import Compiled
from metropool.runtime.broker import BrokerServer
from metropool.runtime.gateways.warden import open_warden
from metropool.runtime.pause import pause
from metropool.runtime.ports import noted, port_as_before
from metropool.runtime.settings import Settings
from metropool.storage.disk import write_durably

PATIENCE_S = 10
"""How long a system waits for the broker of its home to be there [s of the machine]."""


async def broker_url(stack: AsyncExitStack, *, settings: Settings, compiled: Compiled, with_broker: bool) -> str:
    """The broker to use: an outside one, one that another process of this home started, or our own child."""
    if settings.broker != "embedded":
        return settings.broker
    note = note_of(settings)
    if with_broker:
        ports = {"port": port_as_before(note), "gateway_port": settings.gateway_port}
        server = BrokerServer(home=settings.home, broker=compiled.broker, **ports)
        await stack.enter_async_context(server)
        write_durably(note, server.url)
        if compiled.broker.gateways is not None:
            await open_warden(stack, server.url, settings=settings, gateways=compiled.broker.gateways)
        return server.url
    await _is_noted(note)
    if not note.exists():
        raise Unavailable(
            f"no broker runs for {settings.home}: start `metropool serve broker` or `metropool serve` there, or set METROPOOL_BROKER"
        )
    return note.read_text(encoding="ascii").strip()


async def _is_noted(note: Path) -> None:
    """Wait a while for whoever runs the broker: its systems may have been started together with it."""
    for _ in range(int(PATIENCE_S / 0.2)):
        if noted(note):
            return
        await pause(0.2)


def noted_by(settings: Settings) -> Callable[[], str] | None:
    """Tells where the broker of this home is now, or nothing; None for an outside broker, which stays where it is."""
    return None if settings.broker != "embedded" else lambda: noted(note_of(settings))


def note_of(settings: Settings) -> Path:
    """Where whoever runs the broker writes its address."""
    return settings.home / "broker" / "url"
