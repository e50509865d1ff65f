"""Taking letters in, parking what cannot be, and what people do with parked ones; each in one unit of a node, with its evidence."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from metropool.access import Access
from metropool.core.errors import NotFound
from metropool.exchange.batches import Batches, Shorts
from metropool.exchange.envelope import Envelope, from_bytes, rows_of
from metropool.exchange.evidence import Evidence
from metropool.exchange.outbox import PARKED, Inbox, Outbox, inbox
from metropool.exchange.ports import Delivery
from metropool.runtime.letters import Letter, check_way, first_of_each, letter_of, read_letter
from metropool.runtime.passing import passed_on
from metropool.storage.units import UnitContext

if TYPE_CHECKING:
    from metropool.runtime.node import Node

LONGEST_REASON = 1000


def read_in(node: "Node", delivery: Delivery) -> Letter:
    """Read what came in and hold it to the plan.

    Raises:
        Invalid: It is no letter, not the one the broker says, nothing here takes it, or it is not as its way may be.
    """
    letter = read_letter(delivery, node.system, node.hosted, passes=node.passes)
    check_way(letter, node.ways, parties=node.listing.parties)
    return letter


def take_in(node: "Node", letters: Sequence[Letter]) -> list[str]:
    """Take letters in under one commit, each once in effect; returns the topics that changed."""
    topics: list[str] = []
    with node.database.unit() as connection:
        context = node.context(connection)
        each = first_of_each(letters)
        new = Inbox(connection).first_times(((of.envelope, of.delivery.data) for of in each.values()), now=context.now)
        fresh = {name: letter for name, letter in each.items() if name in new}
        Evidence(context, node.listing).received((letter.came for letter in fresh.values()), outcome="taken", called=new)
        Batches(connection).note((letter.envelope for letter in fresh.values()), now=context.now)
        for letter in fresh.values():
            topics.extend(_hear(node, letter, context))
    return topics


def park(node: "Node", delivery: Delivery, envelope: Envelope, reason: str) -> None:
    """Keep what cannot be taken in with the reason, so that it can be replayed; the envelope stands for bytes that are none."""
    with node.database.unit() as connection:
        context = node.context(connection)
        name = Inbox(connection).park(envelope, delivery.data, reason=_told(reason), now=context.now)
        if name is not None:
            came = [(envelope, delivery.data, delivery.position, rows_of(envelope))]
            called = {(envelope.sender, envelope.id): name}
            Evidence(context, node.listing).received(came, outcome="parked", called=called)


def _told(reason: str) -> str:
    """A reason as books keep it: it may quote what came, of any length, and PostgreSQL has no NUL in a text."""
    return reason[:LONGEST_REASON].replace("\0", "␀").encode(errors="replace").decode()


def replay(node: "Node", context: UnitContext, letter_id: str) -> list[str]:
    """Take a parked letter in like one that just came, in an open unit of the node; returns the topics that changed.

    Raises:
        NotFound: No letter of this id is parked.
        Invalid: It still cannot be taken in; says why.
    """
    heard, noting = Inbox(context.connection), Evidence(context, node.listing)
    data = heard.parked(letter_id)
    if data is None:
        raise NotFound(f"no letter {letter_id} is parked", key="exchange.not_parked")
    envelope, position = from_bytes(data), noting.position_of(letter_id)
    letter = letter_of(envelope, _as_it_came(envelope, data, position), node.system, node.hosted, passes=node.passes)
    check_way(letter, node.ways, parties=node.listing.parties)
    Batches(context.connection).note([letter.envelope], now=context.now)
    topics = _hear(node, letter, context)
    heard.settle(letter_id, outcome="done")
    noting.replayed(letter.came, called=letter_id)
    return topics


def replay_now(node: "Node", letter_id: str, *, by: str) -> list[str]:
    """The same in a unit of its own, with its audit.

    Raises:
        NotFound, Invalid: See ``replay``.
    """
    with node.database.unit() as connection:
        context = node.context(connection)
        topics = replay(node, context, letter_id)
        Access(context).audit.note(actor=by, action="letters.replay", on=letter_id, outcome="done")
        return topics


def discard(context: UnitContext, letter_id: str) -> None:
    """Give a parked letter up, in an open unit of its node; its record and reason stay.

    Raises:
        NotFound: No letter of this id is parked.
    """
    heard = Inbox(context.connection)
    if heard.parked(letter_id) is None:
        raise NotFound(f"no letter {letter_id} is parked", key="exchange.not_parked")
    heard.settle(letter_id, outcome="discarded")


def discard_now(node: "Node", letter_id: str, *, by: str) -> None:
    """The same in a unit of its own, with its audit.

    Raises:
        NotFound: See ``discard``.
    """
    with node.database.unit() as connection:
        context = node.context(connection)
        discard(context, letter_id)
        Access(context).audit.note(actor=by, action="letters.discard", on=letter_id, outcome="done")


def short_in(node: "Node", *, limit: int) -> Shorts:
    """The batches of which not all parts have come, oldest first."""
    with node.database.snapshot() as connection:
        return Batches(connection).short(limit=limit)


def wait_no_longer(node: "Node", batch: str, *, by: str) -> None:
    """Give a batch up that is not whole, with its audit; what came of it stays as it is.

    Raises:
        NotFound: None of this name waits for parts.
    """
    with node.database.unit() as connection:
        if not Batches(connection).give_up(batch):
            raise NotFound(f"no batch {batch} waits for parts", key="exchange.no_batch")
        Access(node.context(connection)).audit.note(actor=by, action="letters.give_up_batch", on=batch, outcome="done")


def parked_in(node: "Node") -> list[dict[str, Any]]:
    """Every parked letter of a node with its reason, oldest first."""
    c = inbox.c
    columns = (c.id, c.phrase, c.sender, c.heard_at, c.reason, func.length(c.bytes).label("bytes"))
    with node.database.snapshot() as connection:
        rows = connection.execute(select(*columns).where(c.outcome == PARKED).order_by(c.heard_at)).mappings()
        return [dict(row) for row in rows]


def _as_it_came(envelope: Envelope, data: bytes, position: int) -> Delivery:
    """A parked letter like one that the broker hands over, which waits for nothing."""

    async def nothing(_: float = 0.0) -> None:
        return

    return Delivery(data, envelope.sender, envelope.phrase, position, attempt=1, done=nothing, later=nothing)


def _hear(node: "Node", letter: Letter, context: UnitContext) -> list[str]:
    """Let everyone here who takes a letter take it, and pass it on where the plan says so."""
    topics: list[str] = []
    for name in letter.taking:
        work = node.work(name, context, letter=letter.envelope)
        node.hosted[name].capability.consumes[type(letter.message)](work=work, message=letter.message)
        topics.extend(work.topics)
    routes = node.passes.get(letter.envelope.phrase, ())
    for onward in passed_on(letter, routes, system=node.system, at=context.now):
        Outbox(context.connection).put(onward)
    return topics
