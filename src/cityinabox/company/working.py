"""What each outside software does: come to its door with its key, work there until told to end, serve its own people beside it."""

import hmac
import os
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request

from cityinabox.company.office import Refused
from cityinabox.serving import say_ready, until_terminated

KEY = "CITYINABOX_KEY"
PAUSE_S, WAIT_S = 2.0, 25.0


@contextmanager
def at_door(site: str, system: str) -> Generator[httpx.Client, None, None]:
    """A client of a system's API that shows the key of the environment.

    Raises:
        ValueError: There is none, or nobody answers at the site.
    """
    key = os.environ.get(KEY, "")
    if not key:
        raise ValueError(f"{KEY} holds no key; whoever runs the system gives one")
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=f"{site}/{system}/api/", headers=headers, timeout=60.0, trust_env=False) as client:
        try:
            yield client
        except httpx.HTTPError as error:
            raise ValueError(f"{site} does not answer: {error}") from error


def work_on(work: Callable[..., int], *, once: bool = False) -> None:
    """Work for ever, or until nothing came; a door that does not answer or refuses is asked again.

    Raises:
        ValueError: It refused, and this was to be done once.
    """
    while True:
        try:
            heard = work(wait_s=0 if once else WAIT_S)
        except (httpx.HTTPError, Refused) as error:
            if once:
                raise ValueError(str(error)) from error
            sys.stderr.write(f"company: {error}\n")
            time.sleep(PAUSE_S)
            continue
        if once and not heard:
            return


def serve_desk(app: Callable[..., Starlette], *, port: int, system: str, work: Callable[[], None]) -> None:
    """Serve the own people on this machine while the work goes on; the token is told to whoever started this, and to nobody else."""
    token = secrets.token_urlsafe(24)

    async def serve() -> None:
        listener = socket.create_server(("127.0.0.1", port))
        say_ready(system=system, port=listener.getsockname()[1], token=token)
        config = uvicorn.Config(app(token=token), log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
        await _Server(config).serve([listener])

    threading.Thread(target=work, daemon=True).start()
    until_terminated(serve)


def shows(request: Request, token: str) -> bool:
    """Whether a request shows the token."""
    return hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {token}".encode())


class _Server(uvicorn.Server):
    """Leaves signals to the command line."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield
