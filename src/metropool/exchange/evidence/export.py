"""The lines of an evidence file: a signed heading a system, then its records, each with the root that covers it.

A record that is not to be shown goes out as its leaf alone: the chain
and the root can be checked all the same, and the salt keeps what it was from being guessed. The format: docs/integrators.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, true

from metropool.core.errors import NotFound
from metropool.exchange.envelope import OF
from metropool.exchange.evidence.book import AT_ONCE, Evidence, microseconds
from metropool.exchange.evidence.lines import write_line
from metropool.exchange.evidence.objects import Asked, Before, Heading, Root, content_of, sign_heading
from metropool.exchange.evidence.tables import evidence, evidence_root
from metropool.exchange.evidence.trail import START
from metropool.storage.merkle import path_of
from metropool.storage.suites import SigningKey
from metropool.storage.units import UnitContext


@dataclass(frozen=True)
class Chosen:
    """What of a system's evidence answers a question: roots from ``first_root`` to ``last_root``, ``shown`` of their records."""

    first_root: int
    last_root: int
    shown: int


def choose(connection: Connection, asked: Asked) -> Chosen | None:
    """The roots that cover every record asked for; None when there is none. What no root covers yet waits for the next export."""
    c, r = evidence.c, evidence_root.c
    covered = select(func.coalesce(func.max(r.last), 0)).scalar_subquery()
    query = select(func.min(c.number), func.max(c.number), func.count()).where(_is_shown(asked), c.number <= covered)
    low, high, shown = connection.execute(query).one()
    if not shown:
        return None
    within = and_(r.last >= low, r.first <= high, r.first <= r.last)
    first, last = connection.execute(select(func.min(r.number), func.max(r.number)).where(within)).one()
    return Chosen(first_root=first, last_root=last, shown=shown)


def uncovered(connection: Connection) -> int:
    """How many records no root covers yet."""
    last = connection.execute(select(func.coalesce(func.max(evidence_root.c.last), 0))).scalar_one()
    return int(connection.execute(select(func.count()).where(evidence.c.number > last)).scalar_one())


def section_lines(
    context: UnitContext, *, key: SigningKey, asked: Asked, chosen: Chosen, sections: Sequence[str]
) -> Iterator[bytes]:
    """The section of one system.

    Args:
        context: A view of its books that stays as it is.
        key: Its key, which signs the heading.
        asked: What is to be shown.
        chosen: What ``choose`` found for that.
        sections: Systems with a section in the file, in order.

    Raises:
        NotFound: The key never signed evidence of this system.
    """
    connection, book = context.connection, Evidence(context)
    keys, newest = book.keys(), book.last_root()
    if newest is None or key.id not in {known.id for known in keys}:
        raise NotFound(f"the key in the folder of {context.system} is not one it signed evidence with: serve the system once")
    heading = Heading(
        format=1,
        kind="letter" if asked.letter else "range",
        system=context.system,
        party=context.party,
        sections=list(sections),
        asked=asked,
        keys=keys,
        before=_before(connection, chosen.first_root),
        first_root=chosen.first_root,
        last_root=chosen.last_root,
        shown=chosen.shown,
        made_at=max(context.now, newest[0].at),
        suite=key.suite,
        key=key.id,
    )
    yield write_line(heading=content_of(heading), signature=sign_heading(heading, key))
    yield from _proofs(connection, asked) if asked.letter else _range(connection, asked, chosen)


def _range(connection: Connection, asked: Asked, chosen: Chosen) -> Iterator[bytes]:
    r, c = evidence_root.c, evidence.c
    numbers = r.number.between(chosen.first_root, chosen.last_root)
    first, last = connection.execute(select(func.min(r.first), func.max(r.last)).where(numbers)).one()
    chain = select(c.number, c.leaf, c.hash, c.salt, c.record, _is_shown(asked)).where(c.number.between(first, last))
    rows = connection.execute(chain.order_by(c.number).execution_options(yield_per=AT_ONCE))
    roots = select(r.first, r.last, r.root, r.signature).where(numbers).order_by(r.number)
    for first, last, root, signature in connection.execute(roots.execution_options(yield_per=AT_ONCE)):
        for number, leaf, chained, salt, record, is_shown in (next(rows) for _ in range(first, last + 1)):
            if is_shown:
                yield write_line(number=number, hash=chained, salt=salt, record=record.encode())
            else:
                yield write_line(number=number, hash=chained, leaf=leaf)
        yield write_line(root=root.encode(), signature=signature)


def _proofs(connection: Connection, asked: Asked) -> Iterator[bytes]:
    """Each record asked for with the hashes that lead to its root, and that root."""
    c, r = evidence.c, evidence_root.c
    for number, salt, record in connection.execute(select(c.number, c.salt, c.record).where(_is_shown(asked))):
        covering = select(r.first, r.last, r.root, r.signature).where(r.first <= number, r.last >= number)
        first, last, root, signature = connection.execute(covering).one()
        leaves = connection.execute(select(c.leaf).where(c.number.between(first, last)).order_by(c.number)).scalars()
        path = path_of([bytes.fromhex(leaf) for leaf in leaves], number - first)
        yield write_line(path=[other.hex() for other in path], salt=salt, record=record.encode())
        yield write_line(root=root.encode(), signature=signature)


def _before(connection: Connection, first_root: int) -> Before:
    text = connection.execute(select(evidence_root.c.root).where(evidence_root.c.number == first_root - 1)).scalar()
    if text is None:
        return START
    root = msgspec.json.decode(text, type=Root)
    return Before(number=root.last, hash=root.hash, root=root.number, previous=sha256(text.encode()).hexdigest())


def _is_shown(asked: Asked) -> ColumnElement[bool]:
    c = evidence.c
    wanted: list[ColumnElement[bool]] = [true()]
    if asked.letter:
        wanted.append(or_(c.letter == asked.letter, c.letter.startswith(asked.letter + OF, autoescape=True)))
    if asked.party:
        wanted.append(or_(c.sender_party == asked.party, c.receiver_party == asked.party))
    if asked.start:
        wanted.append(c.at_us >= microseconds(asked.start))
    if asked.end:
        wanted.append(c.at_us < microseconds(asked.end))
    return and_(*wanted)
