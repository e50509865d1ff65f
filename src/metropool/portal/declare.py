"""Routes are declared with their right; there is no other way to make one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from fastapi import Response

Scope = Literal["anyone", "perhaps", "self", "account", "system", "named", "signed", "software"]
Endpoint = Callable[..., Awaitable[Response]]


@dataclass(frozen=True)
class Right:
    """Who may use a route.

    Attributes:
        scope: ``anyone``; ``perhaps``, anyone, but a session counts if there is one; ``self``, whoever is signed in;
            ``account``, who holds the action on the combined account ``{a}`` of the path (others are told there is none);
            ``system``, who holds it on the system; ``named``, who holds it on the system ``{system}`` of the path, which may be
            another than this; ``signed``, a machine whose signature the operation checks (no session,
            no CSRF token); ``software``, a key of this system that holds the action (``Authorization: Bearer``; no session either).
        action: The action that must be granted, such as ``meters.read``.
    """

    scope: Scope
    action: str = ""


ANYONE = Right("anyone")
PERHAPS = Right("perhaps")
SELF = Right("self")
SIGNED = Right("signed")


def on_account(action: str) -> Right:
    """The action on the combined account in the path."""
    return Right("account", action)


def on_system(action: str) -> Right:
    """The action on the system whose face this is."""
    return Right("system", action)


def on_named_system(action: str) -> Right:
    """The action on the system in the path, at whichever system the route is."""
    return Right("named", action)


def by_software(action: str) -> Right:
    """The action, by software that shows a key of the system whose face this is."""
    return Right("software", action)


@dataclass(frozen=True)
class Declared:
    """One route as it was declared."""

    method: str
    path: str
    right: Right
    endpoint: Endpoint
    answer: Any
    status: int
    media: str
    once: bool
    accepts: tuple[str, ...] = ()
    phrase: str = ""


@dataclass
class Room:
    """The routes of one group of pages.

    Attributes:
        tag: Name of the group in the published API.
        of: Capability whose hosts serve them; empty for the front door.
    """

    tag: str
    of: str = ""
    routes: list[Declared] = field(default_factory=list)

    def route(
        self,
        method: str,
        path: str,
        *,
        right: Right,
        answer: Any = None,
        status: int = 200,
        media: str = "application/json",
        once: bool = False,
        accepts: tuple[str, ...] = (),
        phrase: str = "",
    ) -> Callable[[Endpoint], Endpoint]:
        """Declare a route.

        Args:
            method: HTTP method.
            path: Below ``/<system>/api``.
            right: Who may use it.
            answer: Model of the answer, for the published API.
            status: Status of success.
            media: What the answer is.
            once: It needs an ``Idempotency-Key``.
            accepts: What the body may be, where the endpoint reads it itself.
            phrase: What the plan calls what a resident says by it: it is an exchange, and has evidence.
        """

        def declare(endpoint: Endpoint) -> Endpoint:
            self.routes.append(Declared(method, path, right, endpoint, answer, status, media, once, accepts, phrase))
            return endpoint

        return declare

    def get(
        self, path: str, *, right: Right, answer: Any = None, media: str = "application/json"
    ) -> Callable[[Endpoint], Endpoint]:
        """Declare a route that changes nothing."""
        return self.route("GET", path, right=right, answer=answer, media=media)

    def post(
        self,
        path: str,
        *,
        right: Right,
        answer: Any,
        status: int = 200,
        once: bool = False,
        accepts: tuple[str, ...] = (),
        phrase: str = "",
    ) -> Callable[[Endpoint], Endpoint]:
        """Declare a route that does something."""
        return self.route("POST", path, right=right, answer=answer, status=status, once=once, accepts=accepts, phrase=phrase)
