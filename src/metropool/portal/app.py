"""The application: one front door, one API a system, the site; each route guarded, or the start fails."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute, Mount

from metropool.access.passwords import Passwords
from metropool.core.identifiers import IdSource, RandomIds, SystemId
from metropool.portal.call import Portal
from metropool.portal.changes import Broadcast
from metropool.portal.declare import Declared, Room
from metropool.portal.guard import GuardedRoute
from metropool.portal.ports.desks import PORTS, Desks
from metropool.portal.ports.hosts import Host, SiteFacts
from metropool.portal.routes import DOOR_ROOMS, SYSTEM_ROOMS
from metropool.portal.settings import PortalSettings
from metropool.portal.shield import BodyLimit, SecurityHeaders
from metropool.portal.site_files import SiteFiles
from metropool.portal.told import handle_errors

VERSION = "1"


class UnguardedRoute(RuntimeError):
    """A route was made without a right, or a desk is missing: a fault of ours, found at start."""


def make_app(
    hosts: Mapping[SystemId, Host],
    site: Path | None,
    settings: PortalSettings,
    *,
    desks: Desks,
    facts: SiteFacts,
    passwords: Passwords | None = None,
    ids: IdSource | None = None,
) -> FastAPI:
    """Make the portal of some systems.

    Args:
        hosts: The systems this process is a face of; ``settings.door`` is one of them.
        site: Folder of the built site, None when it was not built.
        settings: How the portal behaves.
        desks: What answers for each capability hosted, by port name.
        facts: What runtime knows of the deployment.
        passwords: How passwords are checked.
        ids: Source of CSRF tokens.

    Raises:
        UnguardedRoute: A route has no right, or a hosted capability no desk.
    """
    _check_desks(hosts, desks)
    portal = Portal(
        settings=settings, hosts=hosts, desks=desks, facts=facts, passwords=passwords or Passwords(), ids=ids or RandomIds()
    )
    systems = {name: _api(portal, host, SYSTEM_ROOMS, title=f"Metropool: {name}") for name, host in hosts.items()}
    app = FastAPI(title="Metropool", openapi_url=None, docs_url=None, redoc_url=None, lifespan=_life(systems.values()))
    app.state.portal = portal
    app.mount("/api", _api(portal, portal.door, DOOR_ROOMS, title="Metropool: front door"))
    for name, api in systems.items():
        app.mount(f"/{name}/api", api)
    app.mount("/", SiteFiles(site))
    app.add_middleware(BodyLimit, limit=settings.body_limit, larger={"/api/letters/": settings.letter_limit})
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=5)
    app.add_middleware(SecurityHeaders)
    check_guarded(app)
    return app


def declared_routes(app: FastAPI) -> Iterator[tuple[str, Declared]]:
    """Every route of the portal: its full path and how it was declared."""
    for prefix, route in _routes(app.routes, ""):
        if isinstance(route, GuardedRoute):
            yield prefix + route.declared.path, route.declared


def check_guarded(app: FastAPI) -> None:
    """Refuse an application with a route that nobody guards.

    Raises:
        UnguardedRoute: There is one.
    """
    for prefix, route in _routes(app.routes, ""):
        if not isinstance(route, GuardedRoute):
            raise UnguardedRoute(f"{prefix}{getattr(route, 'path', route)} is declared without a right")


def _routes(routes: Iterable[BaseRoute], prefix: str) -> Iterator[tuple[str, BaseRoute]]:
    for route in routes:
        if isinstance(route, Mount) and isinstance(route.app, FastAPI):
            yield from _routes(route.app.routes, prefix + route.path)
        elif not (isinstance(route, Mount) and isinstance(route.app, SiteFiles)):
            yield prefix, route


def _api(portal: Portal, host: Host, rooms: Iterable[Room], *, title: str) -> FastAPI:
    api = FastAPI(title=title, version=VERSION, openapi_url=None, docs_url=None, redoc_url=None)
    api.state.broadcast = Broadcast(host, most=portal.settings.streams, most_a_session=portal.settings.streams_a_session)
    handle_errors(api)
    for room in rooms:
        if not room.of or room.of in host.hosts:
            routes = (GuardedRoute(declared, portal=portal, host=host, tag=room.tag) for declared in room.routes)
            api.router.routes.extend(routes)
    return api


def _life(systems: Iterable[FastAPI]):  # type: ignore[no-untyped-def]  # the framework's own type for it is private
    pumps = [system.state.broadcast for system in systems]

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for pump in pumps:
                stack.push_async_callback(_stop, asyncio.create_task(pump.pump()))
            yield

    return life


async def _stop(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _check_desks(hosts: Mapping[SystemId, Host], desks: Desks) -> None:
    hosted = {capability for host in hosts.values() for capability in host.hosts}
    missing = [port.name for port in PORTS if port.capability in hosted | {""} and port.name not in desks]
    if missing:
        raise UnguardedRoute(f"no desk answers for {', '.join(missing)}")
