"""The HTTP doors: every route of every system without a session, with one of another system, and with a person's who has no right to it."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from metropool.runtime.conformance.failed import Failed
from metropool.runtime.conformance.probes.count import Probed
from metropool.runtime.conformance.town.people import CSRF, CSRF_HEADER, EACH_ANEW, SESSION, Client
from metropool.runtime.conformance.town.starting import run_outside
from metropool.runtime.conformance.town.town import Town

REFUSED = (401, 403, 404)
OPEN = ("anyone", "perhaps")
"""Scopes of routes that say of themselves that they are for everyone."""
NOBODYS = "nobody-s"
METHODS = ("get", "post", "put", "delete", "patch")


@dataclass(frozen=True)
class Route:
    """One route as its system publishes it.

    Attributes:
        path: With something in the place of each parameter.
        scope, action: Of the right it needs.
    """

    method: str
    path: str
    scope: str
    action: str


async def probe_http(town: Town, probed: Probed) -> None:
    """Try every route as everyone who may not use it, and beside it as someone who may; at all systems at once."""
    clients = await _clients(town)
    fronts = {port: system for system, port in reversed(town.ports.items())}
    await asyncio.gather(*(_at(town, system, clients, probed, has_front=system in fronts.values()) for system in town.ports))


async def _at(town: Town, system: str, clients: Mapping[str, Client], probed: Probed, *, has_front: bool) -> None:
    """Of systems that one process serves, one is asked at the front door they share."""
    url = f"http://127.0.0.1:{town.ports[system]}"
    async with httpx.AsyncClient(base_url=url, timeout=60.0, trust_env=False, limits=EACH_ANEW) as nobody:
        routes = [*await _routes(nobody, system), *(await _routes(nobody, "") if has_front else ())]
        foreign = next(client for name, client in clients.items() if name != system)
        session = foreign.http.cookies.get(SESSION) or ""
        await _as_nobody(nobody, routes, probed, who=system)
        await _as_another(nobody, routes, probed, session=session, who=f"{foreign.system} at {system}")
        await _strange_logins(nobody, clients, probed, system=system)
    if system in clients:
        await _beyond_rights(clients[system], [route for route in routes if f"/{system}/" in route.path], probed)


async def _clients(town: Town) -> dict[str, Client]:
    """Somebody at each system's door, where there are people for it: its staff, and a resident at the residents' own."""
    found: dict[str, Client] = {}
    door = town.host("settlement")
    for system in [name for name in town.ports if name not in run_outside(town)]:
        try:
            found[system] = (await town.resident())[0] if system == door else await town.someone(system)
        except Failed:
            continue
    return found


async def _routes(nobody: httpx.AsyncClient, system: str) -> list[Route]:
    """What a system publishes of its API; of the front door for an empty name."""
    prefix = f"/{system}/api" if system else "/api"
    answer = await nobody.get(f"{prefix}/openapi.json")
    return list(_read(answer.json(), prefix)) if answer.is_success else []


def _read(published: Mapping[str, Any], prefix: str) -> Iterator[Route]:
    for path, ways in published["paths"].items():
        for method, said in ((name, way) for name, way in ways.items() if name in METHODS):
            filled = "/".join(NOBODYS if part.startswith("{") else part for part in path.split("/"))
            right = said.get("x-right", {})
            yield Route(method.upper(), prefix + filled, right.get("scope", ""), right.get("action", ""))


async def _as_nobody(nobody: httpx.AsyncClient, routes: list[Route], probed: Probed, *, who: str) -> None:
    closed = [route for route in routes if route.scope not in OPEN]
    leaked = [f"{route.method} {route.path}" for route in closed if await _status(nobody, route) not in REFUSED]
    probed.refusals("http without a session", closed, leaked, who=who)
    answer = await nobody.get("/api/site")
    probed.control("http without a session", f"{who} /api/site", passed=answer.status_code == 200)


async def _as_another(nobody: httpx.AsyncClient, routes: list[Route], probed: Probed, *, session: str, who: str) -> None:
    """With the session of somebody at another system's door."""
    closed = [route for route in routes if route.scope not in (*OPEN, "signed")]
    leaked = [f"{route.method} {route.path}" for route in closed if await _status(nobody, route, session=session) not in REFUSED]
    probed.refusals("http with another's session", closed, leaked, who=who)
    answer = await nobody.get("/api/session", cookies={SESSION: session})
    probed.control("http with another's session", who, passed=answer.status_code == 200 and answer.json() is None)


async def _strange_logins(nobody: httpx.AsyncClient, clients: Mapping[str, Client], probed: Probed, *, system: str) -> None:
    """One's own people and somebody of elsewhere, with a password that is wrong."""
    await nobody.get("/api/site")
    elsewhere = next(client.login for name, client in clients.items() if name != system)
    logins, leaked = sorted({elsewhere, *([clients[system].login] if system in clients else [])}), []
    for login in logins:
        headers = {CSRF_HEADER: nobody.cookies.get(CSRF) or ""}
        answer = await nobody.post("/api/session", json={"login": login, "password": "wrong password"}, headers=headers)
        if answer.is_success:
            leaked.append(login)
    probed.refusals("http sign in", logins, leaked, who=system)
    if system in clients:
        own = await clients[system].http.get("/api/session")
        probed.control("http sign in", clients[system].login, passed=bool(own.json()))


async def _beyond_rights(own: Client, routes: list[Route], probed: Probed) -> None:
    """With one's own session, what one has no right to: routes of other roles, and another's home."""
    rights = set((await own.http.get("/api/session")).json()["rights"])
    beyond = [route for route in routes if route.scope in ("system", "account", "named") and route.action not in rights]
    homes = [route for route in routes if route.scope == "account" and route.action in rights]
    leaked = [f"{route.method} {route.path}" for route in [*beyond, *homes] if await _status(own.http, route) not in REFUSED]
    probed.refusals("http beyond one's rights", [*beyond, *homes], leaked, who=f"{own.login} at {own.system}")
    lists = [route for route in routes if route.scope in ("system", "self") and route.action in {"", *rights}]
    plain = [
        route for route in lists if route.method == "GET" and NOBODYS not in route.path and not route.path.endswith("changes")
    ]
    statuses = [await _status(own.http, route) for route in plain]
    probed.control("http beyond one's rights", f"{own.login} at {own.system}", passed=200 in statuses and 401 not in statuses)


async def _status(client: httpx.AsyncClient, route: Route, *, session: str = "") -> int:
    headers = {CSRF_HEADER: client.cookies.get(CSRF) or "", "Idempotency-Key": "probe"}
    body: dict[str, Any] = {} if route.method == "GET" else {"json": {}}
    cookies = {SESSION: session, CSRF: client.cookies.get(CSRF) or ""} if session else None
    async with client.stream(route.method, route.path, headers=headers, cookies=cookies, **body) as answer:
        return answer.status_code
