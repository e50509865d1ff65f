"""The one layer that admits requests: session, CSRF token, right. What is not declared does not exist; deny by default."""

import hmac
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import cache
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute, request_response

from metropool.access import Principal, Unauthenticated
from metropool.access.api_keys import ApiKeys
from metropool.access.rights import account_scope, system_scope
from metropool.access.sessions import hashed
from metropool.core.errors import Fault, Forbidden, Invalid, NotFound
from metropool.portal.call import CSRF_COOKIE, CSRF_HEADER, SESSION_COOKIE, Call, Portal
from metropool.portal.declare import Declared, Right
from metropool.portal.ports.hosts import Host

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class GuardedRoute(APIRoute):
    """A route that admits a request before it looks at what the request brings.

    Args:
        declared: The route as declared.
        portal: What requests share.
        host: The system whose face it is.
    """

    def __init__(self, declared: Declared, *, portal: Portal, host: Host, tag: str) -> None:
        self.__dict__.update(_read(declared, tag).__dict__)
        self.declared = declared
        self._portal = portal
        self._host = host
        self.app = request_response(self.get_route_handler())

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Admit, then let the framework read parameters and body."""
        inner = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            call = await admit(request, self.declared.right, portal=self._portal, host=self._host)
            request.state.call = replace(call, declared=self.declared)
            if self.declared.right.scope != "software":
                return await inner(request)
            with self._host.callers.calling():
                return await inner(request)

        return guarded


@cache
def _read(declared: Declared, tag: str) -> APIRoute:
    """What the framework reads of a declared route: the same for every system, and slow (some milliseconds)."""
    responses: dict[int | str, dict[str, Any]] = {}
    if declared.media != "application/json":
        responses[200] = {"content": {declared.media: {}}, "description": "The document or stream"}
    return APIRoute(
        declared.path,
        declared.endpoint,
        methods=[declared.method],
        response_model=declared.answer,
        response_class=Response if declared.answer is None else _Json,
        status_code=declared.status,
        tags=[tag],
        summary=_title(declared),
        responses=responses,
        openapi_extra=_extra(declared),
    )


class _Json(Response):
    media_type = "application/json"


async def admit(request: Request, right: Right, *, portal: Portal, host: Host) -> Call:
    """Let a request in, or say why not.

    Raises:
        Invalid: A parameter is given twice.
        Unauthenticated: The route needs a session and there is none.
        Forbidden: No CSRF token, a password that must be changed first, or no right on this system.
        NotFound: The combined account is not one of the person's.
    """
    _refuse_repeated(request)
    if right.scope == "signed":
        return Call(request=request, portal=portal, host=host, who=None)
    if right.scope == "software":
        return await _admit_software(request, right, portal=portal, host=host)
    if right.scope == "anyone":
        _need_csrf(request, who=None)
        return Call(request=request, portal=portal, host=host, who=None)
    try:
        who = await _who(request, portal)
    except Unauthenticated:
        if right.scope != "perhaps":
            raise
        return Call(request=request, portal=portal, host=host, who=None)
    _need_csrf(request, who=who)
    await _need_right(request, right, who=who, portal=portal, host=host)
    if who.stale:
        await portal.change_door(lambda door: door.sessions.seen(who))
    return Call(request=request, portal=portal, host=host, who=who, action=right.action)


async def _admit_software(request: Request, right: Right, *, portal: Portal, host: Host) -> Call:
    """Software shows a key of the very system it speaks to; a wrong one is noted, and not endlessly often."""
    call = Call(request=request, portal=portal, host=host, who=None, action=right.action)
    try:
        who = await call.software()
    except Unauthenticated:
        portal.wrong_keys.take(f"{host.system} {call.source}")
        await call.note(actor="?", outcome="refused", details={"source": call.source})
        raise
    portal.rates.take(f"{host.system} {who.session}")
    call = replace(call, who=who)
    if not who.rights.may(right.action, system_scope(host.system), now=call.now):
        await call.note(outcome="forbidden")
        raise Forbidden(f"{who.login} has no {right.action} on {host.system}", key="access.forbidden")
    if who.stale:
        await host.write(min(host.hosts), lambda work: ApiKeys(work.context).used(who))
    return call


async def _who(request: Request, portal: Portal) -> Principal:
    token = request.cookies.get(SESSION_COOKIE, "")
    if not token:
        raise Unauthenticated("no session", key="access.unauthenticated")
    return await portal.at_door(lambda door: door.sessions.principal(token))


async def _need_right(request: Request, right: Right, *, who: Principal, portal: Portal, host: Host) -> None:
    if right.scope in ("self", "perhaps"):
        return
    if who.must_change_password:
        raise Forbidden(f"{who.login} must change the password first", key="session.must_change_password")
    now = host.clock.now()
    if right.scope == "account":
        account = request.path_params.get("a", "")
        if not who.rights.may(right.action, account_scope(account), now=now):
            raise NotFound(f"{who.login} has no account {account}")
        return
    system = request.path_params.get("system", "") if right.scope == "named" else host.system
    if not who.rights.may(right.action, system_scope(system), now=now):
        path = request.url.path
        await portal.change_door(lambda door: door.audit.note(actor=who.login, action=right.action, on=path, outcome="forbidden"))
        raise Forbidden(f"{who.login} has no {right.action} on {system}", key="access.forbidden")


def _need_csrf(request: Request, *, who: Principal | None) -> None:
    """An unsafe request echoes the cookie's token in a header, from a page of ours; a session's token is its own."""
    if request.method in SAFE:
        return
    cookie, echoed = request.cookies.get(CSRF_COOKIE, ""), request.headers.get(CSRF_HEADER, "")
    same = bool(cookie) and hmac.compare_digest(cookie.encode(), echoed.encode())
    own = who is None or hmac.compare_digest(hashed(echoed), who.csrf_hash)
    if not (same and own and _from_here(request)):
        raise Forbidden("no CSRF token, or one of another page", key="session.csrf")


def _from_here(request: Request) -> bool:
    """What the browser says of where the request comes from, when it says so."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    return origin is None or origin.partition("://")[2] == request.headers.get("Host", "")


def _refuse_repeated(request: Request) -> None:
    counts = Counter(name for name, _ in request.query_params.multi_items())
    repeated = [Fault(name, "fault.repeated") for name, count in counts.items() if count > 1]
    if repeated:
        raise Invalid("parameters are given twice", faults=repeated)


def _title(declared: Declared) -> str:
    return (declared.endpoint.__doc__ or declared.path).strip().splitlines()[0].rstrip(".")


def _extra(declared: Declared) -> dict[str, Any]:
    extra: dict[str, Any] = {"x-right": {"scope": declared.right.scope, "action": declared.right.action}}
    if declared.once:
        key = {"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string", "maxLength": 128}}
        extra["parameters"] = [key]
    if declared.right.scope == "software":
        extra["security"] = [{"key": []}]
    if declared.accepts:
        content = {media: {"schema": {} if media != "application/json" else {"type": "object"}} for media in declared.accepts}
        extra["requestBody"] = {"required": True, "content": content}
    return extra
