"""Runs the channel as a process."""

import asyncio
import socket
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from cityinabox.clock import CityClock
from cityinabox.payment.app import Channel
from cityinabox.payment.mandates import Mandates
from cityinabox.payment.notices import deliver_notices
from cityinabox.payment.signing import load_signer
from cityinabox.payment.store import Store, read_behaviour


class _Server(uvicorn.Server):
    """Leaves signals to the command line."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def serve_channel(
    *,
    home: Path,
    host: str,
    port: int,
    clock: CityClock,
    merchants: Mapping[str, str],
    behaviour: str,
    ready: Callable[[int, str], None],
) -> None:
    """Serve until cancelled.

    Args:
        home: Folder of ``payment.sqlite`` and ``payment.key``.
        port: 0 takes a free one.
        merchants: Public key (hex) by merchant id.
        behaviour: How notices behave by default, see ``read_behaviour``.
        ready: Called with port and public key when requests are accepted.

    Raises:
        OSError: The port is taken.
    """
    store, signer = Store(home / "payment.sqlite", read_behaviour(behaviour)), load_signer(home / "payment.key")
    mandates = Mandates(store)
    listener = socket.create_server((host, port))
    app = Channel(store, mandates, signer, clock, merchants).app()
    server = _Server(uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    delivering = asyncio.create_task(deliver_notices(store, mandates, signer, clock))
    ready(listener.getsockname()[1], signer.public_key)
    try:
        done, _ = await asyncio.wait([serving, delivering], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        server.should_exit = True
        delivering.cancel()
        await asyncio.gather(serving, delivering, return_exceptions=True)
        store.close()
