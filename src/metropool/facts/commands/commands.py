"""The command journal (命令台账): durable before anything is sent, at most once, never after expiry."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Row, func, insert, select, update

from metropool.core.errors import Conflict, Invalid, NotFound
from metropool.core.identifiers import derived_id
from metropool.facts.commands.states import KINDS, TRANSITIONS, UNSENT, Kind, Move, State, outcome_of
from metropool.facts.commands.tables import command, command_step
from metropool.storage.units import UnitContext

_STAMPS: Mapping[str, str] = {"approve": "approved_at", "send": "sent_at", "accept": "answered_at", "hold": "held_at"}
_FINAL = ("confirmed", "refused", "expired", "cancelled")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What somebody asks for.

    Attributes:
        device: End device the command is for.
        kind: One of ``KINDS``.
        reason: Why; shown to whoever approves.
        requested_by: Person or system that asks.
        expires_at: Never sent at or after this instant.
        item: Reading type to read; for ``read_on_demand``.
        minutes: How long it lasts, for kinds that end by themselves.
        on_site_by: Who confirmed on the spot that it is safe.
        emergency: Closing to protect life: needs no second person.
        request: Reference of the message that ordered it, to answer to.
    """

    device: str
    kind: str
    reason: str
    requested_by: str
    expires_at: datetime
    item: int | None = None
    minutes: int | None = None
    on_site_by: str | None = None
    emergency: bool = False
    request: str | None = None


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command as the journal has it now; times Unix ms.

    Attributes:
        held_at: When it was first read back as done, of one that ends by itself.
        asked_at: When it was last read back, or tried to be.
    """

    id: str
    device: str
    kind: str
    item: int | None
    minutes: int | None
    reason: str
    requested_by: str
    approved_by: str | None
    on_site_by: str | None
    emergency: bool
    request: str | None
    state: State
    expires_at: int
    created_at: int
    approved_at: int | None
    sent_at: int | None
    answered_at: int | None
    held_at: int | None
    asked_at: int | None
    resolved_at: int | None
    read_back: Mapping[str, Any] | None
    note: str

    @property
    def outcome(self) -> str | None:
        """``done``, ``refused``, ``expired``, ``unknown``, or None while under way."""
        return outcome_of(self.state)


@dataclass(frozen=True)
class Step:
    """One step in the life of a command; ``at`` Unix ms."""

    at: int
    state: State
    actor: str
    note: str


_COLUMNS = [command.c[field.name] for field in fields(Command)]


class Commands:
    """The journal in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._context = context
        self._connection = context.connection
        self._now_ms = to_ms(context.now)

    def order(self, *, draft: Draft, key: str) -> Command:
        """Write a command down; a repeat of the same key and draft gives the command there is.

        Raises:
            Invalid: Unknown kind, already expired, or minutes do not belong to its kind or are missing.
            Conflict: The same person used the key for another draft.
        """
        number = derived_id("command", self._context.system, draft.requested_by, key)
        digest = hashlib.sha256(msgspec.json.encode(asdict(draft))).hexdigest()
        known = self._connection.execute(select(command.c.body_hash).where(command.c.id == number)).scalar_one_or_none()
        if known is None:
            self._insert(number, draft, digest)
        elif known != digest:
            raise Conflict(f"key {key!r} was used for another command", key="commands.key_reused", values={"key": key})
        return self.get(id=number)

    def move(self, *, id: str, move: Move, actor: str, note: str = "", **changes: object) -> Command:
        """Take a command one step on; what the table does not list is refused and changes nothing.

        Raises:
            NotFound: No such command.
            Conflict: Not a step of its state, or sending after expiry.
        """
        before = self.get(id=id)
        state = TRANSITIONS.get((before.state, move))
        if state is None or (move == "send" and self._now_ms >= before.expires_at):
            raise Conflict(f"command {id} is {before.state}: cannot {move}", key="commands.not_possible")
        values = {"state": state, "note": note, **self._stamps(before, move, state), **changes}
        changed = self._connection.execute(
            update(command).where(command.c.id == id, command.c.state == before.state).values(values)
        )
        if changed.rowcount != 1:
            raise Conflict(f"command {id} was changed by somebody else", key="commands.not_possible")
        self._note(id, state, actor, note)
        return self.get(id=id)

    def note_asked(self, *, id: str) -> None:
        """Note that a command is read back now."""
        self._connection.execute(update(command).where(command.c.id == id).values(asked_at=self._now_ms))

    def expire(self) -> list[Command]:
        """Close what was not sent in time."""
        query = select(command.c.id).where(command.c.state.in_(UNSENT), command.c.expires_at <= self._now_ms)
        due = self._connection.execute(query).scalars().all()
        return [self.move(id=number, move="expire", actor="clock") for number in due]

    def get(self, *, id: str) -> Command:
        """One command.

        Raises:
            NotFound: There is none.
        """
        row = self._connection.execute(select(*_COLUMNS).where(command.c.id == id)).one_or_none()
        if row is None:
            raise NotFound(f"no command {id}")
        return _command(row)

    def in_state(self, *states: State, older_than: timedelta = timedelta(0), limit: int = 1000) -> list[Command]:
        """Commands in these states, oldest first; ``older_than`` counts from the last sending or creation."""
        since = func.coalesce(command.c.sent_at, command.c.created_at)
        bound = self._now_ms - older_than // timedelta(milliseconds=1)
        query = select(*_COLUMNS).where(command.c.state.in_(states), since <= bound)
        return [
            _command(row) for row in self._connection.execute(query.order_by(command.c.created_at, command.c.id).limit(limit))
        ]

    def recent(self, *, device: str | None = None, kinds: Collection[str] | None = None, limit: int = 100) -> list[Command]:
        """The newest commands, of one device or of all, of some kinds or of all."""
        query = select(*_COLUMNS).order_by(command.c.created_at.desc(), command.c.id).limit(limit)
        if device is not None:
            query = query.where(command.c.device == device)
        if kinds is not None:
            query = query.where(command.c.kind.in_(list(kinds)))
        return [_command(row) for row in self._connection.execute(query)]

    def steps(self, *, id: str) -> list[Step]:
        """How a command came to its state, oldest first."""
        c = command_step.c
        query = select(c.at, c.state, c.actor, c.note).where(c.command == id).order_by(c.number)
        return [Step(*row) for row in self._connection.execute(query)]

    def counts(self) -> Mapping[str, int]:
        """How many commands are in each state."""
        query = select(command.c.state, func.count()).group_by(command.c.state)
        return {str(row[0]): int(row[1]) for row in self._connection.execute(query)}

    def _insert(self, number: str, draft: Draft, digest: str) -> None:
        kind = self._checked(draft)
        needs_second = kind.second_person and not draft.emergency
        state: State = "ordered" if needs_second else "approved"
        row = {**asdict(draft), "expires_at": to_ms(draft.expires_at), "id": number, "body_hash": digest}
        row |= {"state": state, "created_at": self._now_ms, "note": ""}
        row |= {} if needs_second else {"approved_at": self._now_ms}
        self._connection.execute(insert(command).values(row))
        self._note(number, "ordered", draft.requested_by, draft.reason)
        if not needs_second:
            self._note(number, "approved", "rule", "emergency" if draft.emergency else draft.kind)

    def _checked(self, draft: Draft) -> Kind:
        kind = KINDS.get(draft.kind)
        if kind is None:
            raise Invalid(f"no kind of command is called {draft.kind!r}; there are {', '.join(KINDS)}")
        if to_ms(draft.expires_at) <= self._now_ms:
            raise Invalid(f"the command expired at {draft.expires_at.isoformat()}", key="commands.expired")
        if kind.timed != (draft.minutes is not None):
            raise Invalid("only a command that ends by itself names its minutes, and it has to", key="commands.minutes")
        return kind

    def _stamps(self, before: Command, move: Move, state: State) -> Mapping[str, int]:
        stamps = {_STAMPS[move]: self._now_ms} if move in _STAMPS else {}
        if state in _FINAL:
            stamps["resolved_at"] = self._now_ms
            if before.state == "sent" and move in ("confirm", "refuse"):
                stamps["answered_at"] = self._now_ms
        return stamps

    def _note(self, number: str, state: State, actor: str, note: str) -> None:
        row = {"command": number, "at": self._now_ms, "state": state, "actor": actor, "note": note}
        self._connection.execute(insert(command_step).values(row))


def to_ms(instant: datetime) -> int:
    """Unix milliseconds of an instant."""
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def _command(row: Row[Any]) -> Command:
    return Command(**row._mapping)
