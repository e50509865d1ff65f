"""What the portal asks of watch."""

from typing import Protocol

from metropool.portal.ports.asked import Asked
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.watch import WatchedRow, What


class WatchDesk(Protocol):
    """Alarms and anomalies that were heard."""

    def watched(self, *, what: What | None, only_open: bool, asked: Asked) -> Page[WatchedRow]: ...

    def acknowledge(self, *, id: str, by: str) -> WatchedRow:
        """``NotFound`` when nothing of that id was heard, ``Conflict`` when another person has taken note."""
        ...
