"""Around everything: security headers, and a limit on what a request may bring. Plain ASGI, so that streams pass."""

import asyncio
from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from metropool.core.errors import Invalid
from metropool.portal.told import answer_to

# Styles may be inline because Ant Design writes them at run time; scripts may not. The map decodes in a worker.
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


BODY_S = 30.0


class SecurityHeaders:
    """Puts the headers on every answer; HSTS where the site is reached over TLS."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if scope.get("scheme") == "https":
                    headers["Strict-Transport-Security"] = "max-age=31536000"
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers)


class BodyLimit:
    """Refuses bodies above a limit, announced or not, and bodies that do not come, before anybody reads them whole.

    Args:
        app: What is inside.
        limit: Largest body [bytes].
        larger: The same for paths with these words in them.
    """

    def __init__(self, app: ASGIApp, limit: int, larger: Mapping[str, int] | None = None) -> None:
        self._app = app
        self._limit = limit
        self._larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        lengths = [value for name, value in scope["headers"] if name == b"content-length"]
        limit = next((most for words, most in self._larger.items() if words in scope["path"]), self._limit)
        if len(lengths) > 1 or (lengths and not (lengths[0].isdigit() and int(lengths[0]) <= limit)):
            await _too_large()(scope, receive, send)
            return
        try:
            async with asyncio.timeout(BODY_S):
                taken = await self._take(receive, limit)
        except TimeoutError:
            await answer_to(Invalid("the body does not come"), status=408)(scope, receive, send)
            return
        if taken is None:
            await _too_large()(scope, receive, send)
            return
        await self._app(scope, _replay(taken, receive), send)

    async def _take(self, receive: Receive, limit: int) -> list[Message] | None:
        """The messages of the body, or None when it is too large."""
        messages: list[Message] = []
        size = 0
        while True:
            message = await receive()
            messages.append(message)
            size += len(message.get("body", b""))
            if size > limit:
                return None
            if message["type"] != "http.request" or not message.get("more_body", False):
                return messages


def _replay(messages: list[Message], receive: Receive) -> Receive:
    waiting = iter(messages)

    async def replay() -> Message:
        message = next(waiting, None)
        return message if message is not None else await receive()

    return replay


def _too_large() -> ASGIApp:
    return answer_to(Invalid("the body is too large", key="portal.too_large"), status=413)
