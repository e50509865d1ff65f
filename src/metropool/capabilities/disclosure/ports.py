"""What disclosure needs of a unit of work."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

import polars as pl

from metropool.access.provisions import Provisions
from metropool.capabilities.disclosure.model import Ints, Known, State
from metropool.core.areas import Area
from metropool.core.identifiers import PartyId, SystemId
from metropool.exchange.messages import Message
from metropool.facts.readings.book import Readings
from metropool.facts.registry import Registry


class Disclosures(Protocol):
    """Requests as heard and decided, and which groups were told of."""

    def one(self, *, asker: str, request: str) -> Known | None: ...
    def all(self, *, state: State | None = None) -> list[Known]: ...
    def lapsing(self, now: datetime) -> list[Known]: ...
    def put(self, known: Known) -> None: ...
    def atoms(self, *, what: str, service: str, category: str, period: date) -> Ints: ...
    def put_atoms(self, atoms: Ints, *, what: str, service: str, category: str, period: date) -> None: ...


class Subjects(Protocol):
    """Who lies in an area, and what the ledger says of them."""

    def points(self, *, service: str, area: Area) -> pl.DataFrame:
        """Usage points of a medium in an area: columns ``number``, ``id``, ``account``, ``combined``, ``category``, ``supplier``."""
        ...

    def postings(self, *, names: Sequence[str], first: date, last: date, against: Sequence[str] | None = None) -> pl.DataFrame:
        """Postings to the receivables of some accounts: columns ``name``, ``key``, ``amount_fen``, ``month``.

        ``against``: instead what was collected for these companies in entries of those accounts.
        """
        ...


class DisclosureWork(Protocol):
    """One unit of work of disclosure."""

    @property
    def now(self) -> datetime: ...
    @property
    def system(self) -> SystemId: ...
    @property
    def party(self) -> PartyId: ...
    @property
    def sender(self) -> SystemId: ...
    @property
    def rows(self) -> tuple[str, ...]: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def readings(self) -> Readings: ...
    @property
    def disclosures(self) -> Disclosures: ...
    @property
    def subjects(self) -> Subjects: ...
    @property
    def provisions(self) -> Provisions: ...
    def tell(self, message: Message, *, key: str, to: str | None = None, of: str | None = None) -> None: ...
    def changed(self, topic: str) -> None: ...
