"""Hosts that run units of work, and what runtime knows of the whole deployment."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from metropool.core.clock import Clock, Instant
from metropool.core.identifiers import PartyId, SystemId
from metropool.portal.schemas.conformance import Conformance
from metropool.portal.schemas.site import Health, PublicKeys, Site
from metropool.portal.schemas.trust import Why, WhyChoices

T = TypeVar("T")


class Callers(Protocol):
    """A system's own software at its door: whoever runs the system knows from it whether it is there."""

    def calling(self) -> AbstractContextManager[None]:
        """For as long as one call lasts."""
        ...

    def listens(self, is_listening: bool) -> None:
        """It asked for letters, and to wait for them or not."""
        ...


class Host(Protocol):
    """A system at work, as ``runtime`` runs it; its work objects have ``context: UnitContext``."""

    @property
    def system(self) -> SystemId: ...

    @property
    def party(self) -> PartyId: ...

    @property
    def hosts(self) -> frozenset[str]:
        """Names of the capabilities placed here."""
        ...

    @property
    def clock(self) -> Clock: ...

    @property
    def callers(self) -> Callers: ...

    async def read(self, capability: str, query: Callable[[Any], T]) -> T:
        """Run ``query(work)`` on a consistent view that changes nothing."""
        ...

    async def write(self, capability: str, operation: Callable[[Any], T]) -> T:
        """Run ``operation(work)`` as one unit of work."""
        ...

    def changes(self) -> AsyncIterator[str]:
        """What changed, as it changes: ``topic[@combined-account][:id,id…]``; with an account only its residents hear of it."""
        ...


class SiteFacts(Protocol):
    """What runtime knows of the whole deployment."""

    def site(self, *, now: Instant) -> Site:
        """The site, its plan and its systems."""
        ...

    async def hosts_of(self, households: Sequence[str]) -> dict[str, dict[str, str]]:
        """By household and capability the system that is there for it, of capabilities that several systems host."""
        ...

    async def health(self) -> Health:
        """How every system is."""
        ...

    async def keys(self) -> PublicKeys:
        """The public keys that evidence is held to."""
        ...

    async def conformance(self, *, plan: str | None) -> Conformance | None:
        """The last conformance run of a plan, of the running one where none is named; None when it never ran here."""
        ...

    def why_choices(self) -> WhyChoices:
        """Systems and messages one may ask about."""
        ...

    def why_system(self, *, system: str, message: str) -> Why:
        """Whether a system can hear a message, and why."""
        ...
