"""The lines of an evidence file: a signed heading a system, then its records, each with the root that covers it.

A record that is not to be shown goes out as its leaf alone: the chain
and the root can be checked all the same, and the salt keeps what it was from being guessed. The format: docs/integrators.md.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, true

from metropool.core.errors import NotFound
from metropool.exchange.envelope import OF
from metropool.exchange.evidence.book import AT_ONCE, UNREADABLE, Evidence, microseconds, unreadable
from metropool.exchange.evidence.lines import write_line
from metropool.exchange.evidence.objects import FORMAT, Asked, Before, Heading, content_of, sign_heading
from metropool.exchange.evidence.tables import evidence, evidence_root
from metropool.exchange.evidence.terms import signs_now
from metropool.exchange.evidence.trail import START, root_of
from metropool.storage.merkle import path_of
from metropool.storage.suites import SigningKey
from metropool.storage.units import UnitContext


@dataclass(frozen=True)
class Chosen:
    """What of a system's evidence answers a question: roots from ``first_root`` to ``last_root``, ``shown`` of their records."""

    first_root: int
    last_root: int
    shown: int

    @property
    def range(self) -> tuple[int, int, int]:
        """The same as a heading has it."""
        return self.first_root, self.last_root, self.shown


def choose(connection: Connection, asked: Asked) -> Chosen | None:
    """The roots that cover every record asked for; None when there is none. What no root covers yet waits for the next export.

    A record that is missing from the book may be one that was asked for: a range reaches to where it stood, and tells that it is gone.
    """
    c, r = evidence.c, evidence_root.c
    covered = select(func.coalesce(func.max(r.last), 0)).scalar_subquery()
    query = select(func.min(c.number), func.max(c.number), func.count()).where(_is_shown(asked), c.number <= covered)
    low, high, shown = connection.execute(query).one()
    gone = None if asked.letter else first_missing(connection)
    known = [number for number in (low, high, gone) if number is not None]
    if not known:
        return None
    below = select(func.coalesce(func.max(r.number), 0)).where(r.last < min(known))
    above = select(func.min(r.number)).where(r.last >= max(known))
    first, last = connection.execute(below).scalar_one() + 1, connection.execute(above).scalar_one()
    return Chosen(first_root=first, last_root=last, shown=shown)


def first_missing(connection: Connection) -> int | None:
    """The first record that a root covers and the book does not hold (any more); None when all are there."""
    c = evidence.c
    covered = connection.execute(select(func.coalesce(func.max(evidence_root.c.last), 0))).scalar_one()
    within = c.number.between(1, covered)
    if connection.execute(select(func.count()).where(within)).scalar_one() == covered:
        return None
    there = connection.execute(select(c.number).where(within).order_by(c.number).execution_options(yield_per=AT_ONCE)).scalars()
    return next(expected for expected, number in enumerate(chain(there, [0]), start=1) if expected != number)


def uncovered(connection: Connection) -> int:
    """How many records no root covers yet."""
    last = connection.execute(select(func.coalesce(func.max(evidence_root.c.last), 0))).scalar_one()
    return int(connection.execute(select(func.count()).where(evidence.c.number > last)).scalar_one())


def section_lines(context: UnitContext, *, key: SigningKey, asked: Asked, contents: Mapping[str, Chosen]) -> Iterator[bytes]:
    """The section of one system, with what is there: whether it is whole is for ``verify`` to tell.

    Args:
        context: A view of its books that stays as it is.
        key: Its key, which signs the heading.
        asked: What is to be shown.
        contents: What ``choose`` found for that, of each system with a section in the file, in order.

    Raises:
        NotFound: The key is not the one that signs evidence of this system now.
        Broken: The book cannot be read.
    """
    try:
        yield from _section(context, key=key, asked=asked, contents=contents)
    except UNREADABLE as cause:
        raise unreadable(1, cause) from cause


def _section(context: UnitContext, *, key: SigningKey, asked: Asked, contents: Mapping[str, Chosen]) -> Iterator[bytes]:
    connection, book, chosen = context.connection, Evidence(context), contents[context.system]
    newest, before = book.last_root(), _before(connection, chosen.first_root)
    if newest is None or key.id != signs_now(context):
        raise NotFound(f"the key in the folder of {context.system} is not the one that signs its evidence: serve the system once")
    heading = Heading(
        format=FORMAT,
        kind="letter" if asked.letter else "range",
        system=context.system,
        party=context.party,
        sections=list(contents),
        ranges=[each.range for each in contents.values()],
        asked=asked,
        keys=book.keys(),
        before=before,
        first_root=chosen.first_root,
        last_root=chosen.last_root,
        shown=chosen.shown,
        made_at=max(context.now, newest[0].at),
        suite=key.suite,
        key=key.id,
    )
    yield write_line(heading=content_of(heading), signature=sign_heading(heading, key))
    yield from _proofs(connection, asked) if asked.letter else _range(connection, asked, chosen, after=before.number)


def _range(connection: Connection, asked: Asked, chosen: Chosen, *, after: int) -> Iterator[bytes]:
    """Every record after ``after`` and every root that is there, each root after the records it covers."""
    r, c = evidence_root.c, evidence.c
    query = select(c.number, c.leaf, c.hash, c.salt, c.record, _is_shown(asked)).where(c.number > after).order_by(c.number)
    rows = connection.execute(query.execution_options(yield_per=AT_ONCE))
    numbers = r.number.between(chosen.first_root, chosen.last_root)
    roots = select(r.last, r.root, r.signature).where(numbers).order_by(r.number)
    row = next(rows, None)
    for last, root, signature in connection.execute(roots.execution_options(yield_per=AT_ONCE)):
        while row is not None and row[0] <= last:
            number, leaf, chained, salt, record, is_shown = row
            if is_shown:
                yield write_line(number=number, hash=chained, salt=salt, record=record.encode())
            else:
                yield write_line(number=number, hash=chained, leaf=leaf)
            row = next(rows, None)
        yield write_line(root=root.encode(), signature=signature)


def _proofs(connection: Connection, asked: Asked) -> Iterator[bytes]:
    """Each record asked for with the hashes that lead to its root, and that root; what is missing of these stays out."""
    c, r = evidence.c, evidence_root.c
    query = select(c.number, c.salt, c.record).where(_is_shown(asked)).order_by(c.number)
    for number, salt, record in connection.execute(query):
        covering = select(r.first, r.last, r.root, r.signature).where(r.first <= number, r.last >= number)
        root = connection.execute(covering).first()
        if root is None:
            continue
        within = select(c.number, c.leaf).where(c.number.between(root.first, root.last)).order_by(c.number)
        leaves = {row.number: row.leaf for row in connection.execute(within)}
        path = path_of([bytes.fromhex(leaf) for leaf in leaves.values()], list(leaves).index(number))
        yield write_line(path=[other.hex() for other in path], salt=salt, record=record.encode())
        yield write_line(root=root.root.encode(), signature=root.signature)


def _before(connection: Connection, first_root: int) -> Before:
    text = connection.execute(select(evidence_root.c.root).where(evidence_root.c.number == first_root - 1)).scalar()
    if text is None:
        return START
    root = root_of(text.encode(), 1)
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
