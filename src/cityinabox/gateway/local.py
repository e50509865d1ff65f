"""The gateway's own HTTP address in the home: for the terminal indoors, by a pairing code. Nothing of it goes further than the home.

``/edge`` is the home itself, not an interface of a gateway: whoever opens the door or pulls the uplink's plug. It is there where
the process was told ``--edge``.
"""

import hmac
import json
import secrets
import time
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cityinabox.gateway.gateway import Gateway
from cityinabox.gateway.house import CIRCUITS, PLUG
from cityinabox.gateway.keeping import Keeping
from cityinabox.gateway.uplink import Uplink

TRIES, LOCKED_S = 5, 30.0
LARGEST_BODY = 4096
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Local:
    """Answers the terminal indoors.

    Args:
        code: Six digits that whoever stands before the gateway can read.
        has_edge: Whether the home itself can be played with.
    """

    def __init__(self, gateway: Gateway, uplink: Uplink, keeping: Keeping, *, code: str, has_edge: bool) -> None:
        self._gateway, self._uplink, self._keeping = gateway, uplink, keeping
        self._code, self._has_edge = code, has_edge
        self._wrong: list[float] = []

    def app(self) -> Starlette:
        """The addresses."""
        routes = [
            Route("/pair", self.pair, methods=["POST"]),
            Route("/state", self._paired(_shows(self.state))),
            Route("/usage", self._paired(_shows(self.usage))),
            Route("/points/{point}", self._paired(self.set_point), methods=["POST"]),
        ]
        edge = [Route("/edge/{point}", self._paired(self.play), methods=["POST"])] if self._has_edge else []
        return Starlette(routes=[*routes, *edge])

    async def pair(self, request: Request) -> Response:
        """A terminal that can say the code is given a token; who guesses waits."""
        self._wrong = [at for at in self._wrong if time.monotonic() - at < LOCKED_S]
        if len(self._wrong) >= TRIES:
            return _refused(429, "too many wrong codes, wait half a minute")
        body = await _body(request)
        if not hmac.compare_digest(str(body.get("code", "")).encode(), self._code.encode()):
            self._wrong.append(time.monotonic())
            return _refused(403, "the code is wrong")
        tokens = [*self._keeping.fact("tokens", []), secrets.token_hex(32)][-16:]
        self._keeping.remember("tokens", tokens)
        return JSONResponse({"token": tokens[-1], "name": self._uplink.name})

    def state(self) -> dict[str, Any]:
        """Everything there is to see."""
        return {**self._gateway.shown(), "name": self._uplink.name, "uplink": self._uplink.is_up}

    def usage(self) -> dict[str, Any]:
        """Household meter data."""
        return {"blocks": self._gateway.usage()}

    async def set_point(self, request: Request) -> Response:
        """Switch the plug; the answer is what was read back."""
        value = (await _body(request)).get("value")
        if request.path_params["point"] != PLUG:
            return _refused(404, "no point of this name can be set")
        if value not in (0, 1):
            return _refused(422, "a switch is 0 or 1")
        return JSONResponse({"point": PLUG, "item": "switch", "value": self._gateway.set_plug(is_on=value == 1)})

    async def play(self, request: Request) -> Response:
        """Something happens in the home."""
        point, value = request.path_params["point"], (await _body(request)).get("value")
        if value not in (0, 1):
            return _refused(422, "0 or 1")
        if point == "uplink":
            self._uplink.cut(is_cut=value == 0)
        elif point in CIRCUITS:
            self._gateway.fail(point, is_faulty=value == 1)
        else:
            try:
                self._gateway.sense(point, value)
            except KeyError:
                return _refused(404, "nothing in the home is called so")
        return JSONResponse({"point": point, "value": value})

    def _paired(self, handler: Handler) -> Handler:
        async def checked(request: Request) -> Response:
            given = request.headers.get("authorization", "").removeprefix("Bearer ").encode()
            tokens = self._keeping.fact("tokens", [])
            if not given or not any(hmac.compare_digest(given, token.encode()) for token in tokens):
                return _refused(401, "pair this terminal first")
            return await handler(request)

        return checked


def _shows(told: Callable[[], dict[str, Any]]) -> Handler:
    async def show(_: Request) -> Response:
        return JSONResponse(told())

    return show


def _refused(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status_code=status)


async def _body(request: Request) -> dict[str, Any]:
    text = b""
    async for part in request.stream():
        text += part
        if len(text) > LARGEST_BODY:
            return {}
    try:
        body = json.loads(text or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
