"""One admitted request: who asks, of which system, and the two ways to get an answer."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request, Response

from metropool.access import Access, Once, Principal, Unauthenticated
from metropool.access.api_keys import ApiKeys
from metropool.access.audit import Outcome
from metropool.access.once import Answer, Repeatable, hash_of
from metropool.access.passwords import Passwords
from metropool.core.clock import Instant
from metropool.core.errors import Forbidden
from metropool.core.identifiers import IdSource, SystemId
from metropool.exchange.evidence import Spoken
from metropool.portal.declare import Declared
from metropool.portal.ports.desks import Desks, Port
from metropool.portal.ports.hosts import Host, SiteFacts
from metropool.portal.rates import Rates
from metropool.portal.schemas.basics import Model
from metropool.portal.settings import PortalSettings

T = TypeVar("T")
D = TypeVar("D")
SESSION_COOKIE = "metropool_session"
CSRF_COOKIE = "metropool_csrf"
CSRF_HEADER = "X-Metropool-CSRF"


@dataclass(frozen=True)
class Portal:
    """All that requests share.

    Attributes:
        hosts: The systems this is a face of.
        desks: What answers for their capabilities.
        facts: What runtime knows of the deployment.
        ids: Source of fresh tokens.
        rates: How often each key of software may ask; ``wrong_keys``, how often each source may show a system one that is none.
    """

    settings: PortalSettings
    hosts: Mapping[SystemId, Host]
    desks: Desks
    facts: SiteFacts
    passwords: Passwords
    ids: IdSource
    rates: Rates = field(default_factory=Rates)
    wrong_keys: Rates = field(default_factory=lambda: Rates(per_s=1.0, burst=20.0))
    checks: asyncio.Semaphore = field(init=False)
    waits: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "waits", asyncio.Semaphore(self.settings.waits))
        object.__setattr__(self, "checks", asyncio.Semaphore(self.settings.checks_at_once))

    @property
    def door(self) -> Host:
        """The system that vouches for people."""
        return self.hosts[self.settings.door]

    async def at_door(self, query: Callable[[Access], T]) -> T:
        """Ask the door something."""
        return await self.door.read(min(self.door.hosts), lambda work: query(Access(work.context, self.settings.sessions)))

    async def change_door(self, operation: Callable[[Access], T]) -> T:
        """Change something at the door, as one unit."""
        return await self.door.write(min(self.door.hosts), lambda work: operation(Access(work.context, self.settings.sessions)))

    async def is_right(self, kept: str | None, password: str) -> bool:
        """Check a password beside the event loop, a few at a time."""
        async with self.checks:
            return await asyncio.to_thread(self.passwords.right, kept, password)


@dataclass(frozen=True)
class Call:
    """A request that may go on.

    Attributes:
        host: The system whose face this is; the door at the front door.
        who: The person, None where anyone may ask.
        action: What the route is for; the audit names it.
        declared: The route.
    """

    request: Request
    portal: Portal
    host: Host
    who: Principal | None
    action: str = ""
    declared: Declared | None = None

    @property
    def phrase(self) -> str:
        """What the plan calls what a resident says by this; empty where it is no exchange of the plan."""
        return self.declared.phrase if self.declared else ""

    @property
    def now(self) -> Instant:
        """Business time."""
        return self.host.clock.now()

    @property
    def person(self) -> Principal:
        """Whoever is signed in.

        Raises:
            Unauthenticated: Nobody is.
        """
        if self.who is None:
            raise Unauthenticated("nobody is signed in", key="access.unauthenticated")
        return self.who

    @property
    def source(self) -> str:
        """Address the request came from."""
        return self.request.client.host if self.request.client else "unknown"

    async def software(self) -> Principal:
        """The software whose key the request shows.

        Raises:
            Unauthenticated: It shows none, or one that is none or was revoked.
        """
        scheme, _, shown = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated("no key", key="access.no_key")
        return await self.host.read(min(self.host.hosts), lambda work: ApiKeys(work.context).principal(shown.strip()))

    async def still_admitted(self) -> None:
        """Look again after a wait: a key may have been revoked meanwhile.

        Raises:
            Unauthenticated: It was.
        """
        await self.software()

    async def note(self, *, outcome: Outcome = "done", actor: str = "", details: Mapping[str, object] | None = None) -> None:
        """Note in the system's own audit that something was read, or refused."""
        path = self.request.url.path

        def note(work: Any) -> None:
            who = actor or self.person.login
            Access(work.context).audit.note(actor=who, action=self.action, on=path, outcome=outcome, details=details)

        await self.host.write(min(self.host.hosts), note)

    async def ask(self, port: Port[D], query: Callable[[D], T]) -> T:
        """Put a question to a desk of the system."""
        make = self.portal.desks[port.name]
        return await self.host.read(self._in_whose(port), lambda work: query(make(work)))

    async def do(self, port: Port[D], operation: Callable[[D], T]) -> T:
        """Run an operation of a desk as one unit, its audit row in the same commit."""
        make = self.portal.desks[port.name]
        body = await self.request.body() if self.phrase else b""

        def operate(work: Any) -> T:
            done = operation(make(work))
            self._audit(work, body)
            return done

        return await self.host.write(self._in_whose(port), operate)

    async def do_once(self, port: Port[D], operation: Callable[[D], Model], *, status: int) -> Response:
        """Run an operation once per ``Idempotency-Key``: the answer is kept in the same commit as the effect.

        Raises:
            Invalid: The request has no key.
            Conflict: The key was used for another request.
        """
        body = await self.request.body()
        asked = hash_of(self.request.method.encode(), self.request.url.path.encode(), body)
        key = self.request.headers.get("Idempotency-Key", "")
        repeatable = Repeatable(actor=self.person.login, key=key, body_hash=asked)
        make = self.portal.desks[port.name]

        def once(work: Any) -> Answer:
            return Once(work.context).answer(repeatable, lambda: first(work))

        def first(work: Any) -> Answer:
            done = operation(make(work))
            self._audit(work, body, correlation=repeatable.key)
            return Answer(status, dump(done))

        answer = await self.host.write(self._in_whose(port), once)
        return Response(answer.body, status_code=answer.status, media_type="application/json")

    def _in_whose(self, port: Port[D]) -> str:
        return port.capability or min(self.host.hosts)

    def _audit(self, work: Any, body: bytes, *, correlation: str = "") -> None:
        """Who did it, and evidence of what a resident said by it; a machine's signed notice is in the ledger, not here."""
        if self.who is None:
            return
        audit, path = Access(work.context).audit, self.request.url.path
        noted = audit.note(actor=self.who.login, action=self.action, on=path, outcome="done", correlation=correlation)
        if self.phrase:
            work.attest(self._spoken(body, noted))

    def _spoken(self, body: bytes, noted: str) -> Spoken:
        """A resident's request; the row of the audit that tells whose it is stands for it alone."""
        method, path, key = self.request.method, self.request.url.path, self.request.headers.get("Idempotency-Key", "")
        return Spoken(
            medium="http",
            direction="received",
            outcome="taken",
            phrase=self.phrase,
            kind=f"{method} {self.declared.path if self.declared else path}",
            key=f"{self.request.path_params['a']}/{key}".rstrip("/"),
            once=noted,
            data="\n".join((method, path, key, "")).encode() + body,
        )

    async def prove(self, password: str) -> None:
        """Let the person prove again who they are, before a dangerous act.

        Raises:
            Forbidden: The password is wrong.
            Locked: Too many were.
        """
        who, source = self.person, self.source
        kept = await self.portal.at_door(lambda door: door.sessions.password_hash(login_name=who.login, source=source))
        is_right = await self.portal.is_right(kept, password)
        if not await self.portal.change_door(lambda door: door.sessions.step_up(who=who, source=source, is_right=is_right)):
            raise Forbidden(f"{who.login} gave a wrong password", key="access.step_up")


def dump(model: Model) -> bytes:
    """The JSON of an answer."""
    return model.model_dump_json().encode()


def answer(model: Model, *, status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(dump(model), status_code=status, media_type="application/json")


def call_of(request: Request) -> Call:
    """The admitted request, for endpoints."""
    call: Call = request.state.call
    return call


CallOf = Annotated[Call, Depends(call_of)]


def site_url(call: Call) -> str:
    """Address people reach the site at: the one set, or the one of this request."""
    url = call.request.url
    return call.portal.settings.public_url or f"{url.scheme}://{url.netloc}"
