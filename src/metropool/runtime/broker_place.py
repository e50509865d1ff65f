"""Where the broker is: the note that the one who runs it keeps in ``<home>/broker/url``, read again whenever it cannot be reached."""

import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from metropool.core.errors import Unavailable
from metropool.plan.compiled import Compiled
from metropool.runtime.broker import BrokerServer
from metropool.runtime.pause import pause
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
        server = BrokerServer(home=settings.home, broker=compiled.broker, port=port_as_before(note))
        await stack.enter_async_context(server)
        write_durably(note, server.url)
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
        if _noted(note):
            return
        await pause(0.2)


def noted_by(settings: Settings) -> Callable[[], str] | None:
    """Tells where the broker of this home is now, or nothing; None for an outside broker, which stays where it is."""
    return None if settings.broker != "embedded" else lambda: _noted(note_of(settings))


def note_of(settings: Settings) -> Path:
    """Where whoever runs the broker writes its address."""
    return settings.home / "broker" / "url"


def port_as_before(note: Path) -> int:
    """The port noted by the broker before us, so that who is still connected finds us again; a free one when it is taken."""
    before = _noted(note).rpartition(":")[2]
    if not before.isdigit():
        return free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(before)))
        except (OSError, OverflowError):
            return free_port()
    return int(before)


def free_port() -> int:
    """A loopback port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _noted(note: Path) -> str:
    return note.read_text(encoding="ascii").strip() if note.exists() else ""
