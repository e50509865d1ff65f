"""The work object: what a capability is handed in one unit of work. It satisfies the Protocols in the capabilities' ``ports``."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from metropool.core.clock import Instant
from metropool.core.identifiers import IdSource, PartyId, SystemId, derived_id
from metropool.exchange.capability import Adapter, Capability
from metropool.exchange.envelope import Envelope, Part
from metropool.exchange.evidence import Evidence, Listing, Spoken
from metropool.exchange.messages import Message, tells
from metropool.exchange.outbox import Outbox
from metropool.exchange.parts import sealed_parts
from metropool.exchange.ways import PLACES, Way
from metropool.plan.compiled import Route
from metropool.runtime.releasing import may_leave
from metropool.storage.lake import Lake, LakeFile
from metropool.storage.units import UnitContext

if TYPE_CHECKING:
    from metropool.runtime.node import Hosted

NO_LISTING = Listing()


class Work:
    """One unit of work of one capability on one system.

    Args:
        context: The open transaction and whose it is.
        capability: Whose ``keeps`` are at hand.
        rows: The rows the plan gives the host, such as ``("water",)``.
        books: Name to adapter of the five books.
        routes: Message class to where it may go.
        letter: The envelope that is being taken in, if any; its id is a key for what follows from it.
        ways: What the running plan lets this system say and hear.
        listing: What the running plan says of systems.
        hosted: What the plan placed on this system.
    """

    def __init__(
        self,
        *,
        context: UnitContext,
        capability: Capability,
        rows: Sequence[str],
        books: Mapping[str, Adapter],
        routes: Mapping[str, Sequence[Route]],
        letter: Envelope | None = None,
        ways: Sequence[Way] = (),
        listing: Listing = NO_LISTING,
        hosted: Mapping[str, "Hosted"] | None = None,
    ) -> None:
        self.context = context
        self.letter = letter
        self.ways = tuple(ways)
        self.rows = tuple(rows)
        self.topics: list[str] = []
        self._adapters = {**books, **capability.keeps}
        self._made: dict[str, Any] = {}
        self._routes, self._listing = routes, listing
        self._hosted = hosted or {}
        self._capability = capability
        self._outbox = Outbox(context.connection)

    @property
    def now(self) -> Instant:
        """The instant of the whole unit, UTC."""
        return self.context.now

    @property
    def cause(self) -> str:
        """Stands for the letter that is being taken in and for no other sender's, in keys and names of files; empty where none is."""
        return derived_id(self.letter.sender, self.letter.id) if self.letter else ""

    @property
    def told_at(self) -> datetime:
        """When the letter that is taken in was told: letters may come in another order. By its sender's clock, and not after ``now``."""
        return min(self.letter.at, self.now) if self.letter else self.now

    @property
    def sender(self) -> SystemId:
        """The system that handed the letter over, as the broker vouches."""
        return SystemId(self.letter.sender if self.letter else "")

    @property
    def speaker(self) -> SystemId:
        """The system the letter began with: the sender, or, where it was passed on by the plan, the first that said it."""
        return SystemId(self.letter.speaker if self.letter else "")

    @property
    def sender_party(self) -> PartyId:
        """The organisation that runs the system it came from, by the plan."""
        return PartyId(self._listing.parties.get(self.sender, ""))

    @property
    def place(self) -> str:
        """The community or building that this system is for; empty where it is for all."""
        return self._listing.places.get(self.system, "")

    @property
    def served_places(self) -> frozenset[str]:
        """Communities and buildings that have a system of their own; none where one stands for all."""
        return frozenset(filter(None, self._listing.places.values()))

    @property
    def speaker_place(self) -> str:
        """That of the system the letter began with."""
        return self._listing.places.get(self.speaker, "")

    @property
    def system(self) -> SystemId:
        """Whose books these are."""
        return self.context.system

    @property
    def ids(self) -> IdSource:
        """Source of fresh ids."""
        return self.context.ids

    @property
    def lake(self) -> Lake:
        """The system's lake, for writing files before the unit that lists them."""
        return self.context.lake

    @property
    def party(self) -> PartyId:
        """The organisation that runs the system."""
        return self.context.party

    def __getattr__(self, name: str) -> Any:
        adapters = self.__dict__.get("_adapters", {})
        if name not in adapters:
            raise AttributeError(f"this unit of work keeps no {name!r}")
        if name not in self._made:
            self._made[name] = adapters[name](self.context)
        return self._made[name]

    def tell(self, message: Message, *, key: str, to: str | None = None, of: str | None = None) -> None:
        """Put a message in the outbox for everyone the plan lists, as far as it may leave.

        What is told on, of the class of the letter that is being taken in, keeps that letter's phrase where the plan carries it on.

        Args:
            message: A fact, or an order for its addressee.
            key: Business key: a repeat of it is not said again.
            to: Only for this party (never a system one knows of), or for the system that spoke before and is answered.
            of: Only for whoever is hosted for this row, such as ``water``.
        """
        for route in self._onward(type(message).__name__):
            if (to is None or to in (route.receiver_party, route.receiver)) and _takes(route, of):
                self._tell_along(route, message, key)

    order = tell

    def say(self, message: Message, *, key: str, phrase: str, part: Part | None = None) -> list[Envelope]:
        """Put a message in the outbox under this phrase alone, for everyone the plan lists; a repeat of a key is not said again.

        Args:
            message, key, phrase: What to say, its business key and as what.
            part: Which part of a batch it is, where whoever says it has cut it; small enough for one letter. Who may hear only some
                of its rows hears them as no part.

        Returns:
            What is to be delivered, or was before: one a receiver and part.
        """
        routes = [route for route in self._routes.get(type(message).__name__, ()) if route.phrase == phrase]
        return [sealed for route in routes for sealed in self._tell_along(route, message, key, part)]

    def takers(self, kind: type[Message], *, of: str, message: Message | None = None) -> list[SystemId]:
        """Systems that take a message class and are hosted for a row: those the plan lets hear it, and this one; with ``message``,
        of them those that it may go to, by what it speaks of."""
        here = any(kind in host.capability.consumes and of in host.rows for host in self._hosted.values())
        routes = [route for route in self._routes.get(kind.__name__, ()) if _takes(route, of)]
        there = [route.receiver for route in routes if message is None or narrowed_to(route.where, message) is not None]
        return [self.system, *there] if here else there

    def is_shared(self, kind: type[Message]) -> bool:
        """Whether another capability hosted here takes a message class too."""
        return any(kind in host.capability.consumes for host in self._hosted.values() if host.capability is not self._capability)

    def add_files(self, files: Sequence[LakeFile]) -> int:
        """List files in the lake in this unit; the number of the snapshot that shows them."""
        return self.context.lake.add(self.context.connection, files)

    def attest(self, *those: Spoken) -> None:
        """Have it in the evidence, in this unit, that something was said or heard otherwise than by letter; a repeat is there once."""
        Evidence(self.context, self._listing).spoken(those)

    def changed(self, topic: str) -> None:
        """Let open pages know, once this unit is committed, that they should look again."""
        self.topics.append(topic)

    def _onward(self, kind: str) -> Sequence[Route]:
        routes = self._routes.get(kind, ())
        phrase = self.letter.phrase if self.letter is not None and self.letter.kind == kind else None
        return [route for route in routes if route.phrase == phrase] or routes

    def _tell_along(self, route: Route, message: Message, key: str, part: Part | None = None) -> list[Envelope]:
        narrowed = narrowed_to(route.where, message)
        left = None if narrowed is None else may_leave(self._capability.releases, work=self, message=narrowed, way=route)
        if left is None:
            return []
        letters = sealed_parts(
            left,
            key=key,
            phrase=route.phrase,
            sender=self.system,
            receiver=route.receiver,
            at=self.now,
            part=part if left is message else None,
        )
        release = self._capability.releases.get(type(left))
        for piece, sealed in letters:
            if not self._outbox.put(sealed):
                break  # a key is said in one unit: with its first letter all were, however many there are now
            if release is not None:
                release.told(work=self, message=piece, way=route, key=sealed.id)
        return [sealed for _, sealed in letters]


def narrowed_to(where: Mapping[str, str], message: Message) -> Message | None:
    """What of a message may go a way: itself, itself with some of its rows, or None when nothing of it may.

    Where people live must be said: what does not say it goes to no single place.
    """
    if any(name in PLACES and not tells(message, name) for name in where):
        return None
    if any(getattr(message, name, value) != value for name, value in where.items()):
        return None
    rows: pa.Table | None = getattr(message, "rows", None)
    if rows is None:
        return message
    if not rows.num_rows:
        return message if type(message).may_be_empty else None
    selected = _rows_where(rows, where)
    if selected.num_rows == rows.num_rows:
        return message
    return msgspec.structs.replace(message, rows=selected) if selected.num_rows else None


def _rows_where(rows: pa.Table, where: Mapping[str, str]) -> pa.Table:
    for column, value in where.items():
        if column in rows.schema.names:
            rows = rows.filter(pc.equal(rows[column], value))
    return rows


def _takes(route: Route, of: str | None) -> bool:
    return of is None or route.rows is None or of in route.rows
