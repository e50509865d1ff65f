"""What the portal asks of a system's inbox: letters that could not be taken in."""

from typing import Protocol

from metropool.portal.ports.asked import Asked
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.parked import ParkedLetter, ParkedState


class ParkedDesk(Protocol):
    """Parked letters of one system."""

    def parked(self, *, state: ParkedState, asked: Asked) -> Page[ParkedLetter]: ...

    def replay(self, *, letter: str) -> ParkedLetter:
        """Operation: take it in; ``Conflict`` with why where it still cannot be, ``NotFound`` where none is parked."""
        ...

    def discard(self, *, letter: str, reason: str, by: str) -> ParkedLetter:
        """Operation: give it up; its record and reason stay."""
        ...
