"""What was heard of batches: which of their parts came, until all did and are together what they say. In the unit that takes one in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.exc import IntegrityError

from metropool.core.errors import Invalid
from metropool.core.identifiers import derived_id
from metropool.exchange.envelope import Envelope, Part, digest
from metropool.exchange.parts import check_part, named, whole_of

MOST_OPEN = 1000
"""So many batches that began with one system and come from one sender may be short at once."""
OPEN, WHOLE, GIVEN_UP = "open", "whole", "given up"

metadata = MetaData()
inbox_batch = Table(
    "inbox_batch",
    metadata,
    Column("name", String, primary_key=True),
    Column("sender", String, nullable=False),
    Column("speaker", String, nullable=False),
    Column("phrase", String, nullable=False),
    Column("of", Integer, nullable=False),
    Column("whole", String, nullable=False),
    Column("came", Integer, nullable=False),
    Column("since", String, nullable=False),
    Column("state", String, nullable=False),
    Index("inbox_batch_by_state", "state", "since"),
)
inbox_part = Table(
    "inbox_part",
    metadata,
    Column("name", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("sha256", String, nullable=False),
)
"""Parts of batches that are not whole yet; without a digest where something was held back of one."""

_B, _P = inbox_batch.c, inbox_part.c
_SAID = bindparam("said", type_=String)
# Made once, as in ``outbox.py``; parts that fit what came before need two statements.
_COUNT = (
    update(inbox_batch)
    .where(_B.name == bindparam("which"), _B.state == OPEN, _B.of == bindparam("parts"), or_(_SAID == "", _B.whole == _SAID))
    .values(came=_B.came + bindparam("more", type_=Integer))
    .returning(_B.came, _B.whole)
)
_ADD = insert(inbox_part)
_FOUND = select(_B.of, _B.whole, _B.state).where(_B.name == bindparam("which"))
_DIGESTS = select(_P.sha256).where(_P.name == bindparam("which")).order_by(_P.number)
_SHORT = select(_B.name, _B.sender, _B.speaker, _B.phrase, _B.of, _B.came, _B.since)


@dataclass(frozen=True)
class Short:
    """A batch that is not whole: ``came`` of ``of`` parts, the first of them at ``since``.

    Attributes:
        name: What it is called here.
        sender: Who hands its parts over; ``speaker`` is the system it began with.
    """

    name: str
    sender: str
    speaker: str
    phrase: str
    of: int
    came: int
    since: datetime


@dataclass(frozen=True)
class Shorts:
    """The oldest of the batches that are not whole, and how many there are of them."""

    oldest: Sequence[Short]
    count: int


class Batches:
    """Batches one system hears."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, letters: Iterable[Envelope], *, now: datetime) -> None:
        """Note those letters that are parts, of what is taken in in this unit for the first time.

        Raises:
            Invalid: One is none that can be, or does not go with those that came.
        """
        together: dict[tuple[str, int, str], list[tuple[Envelope, Part]]] = {}
        for letter in letters:
            if letter.part is not None:
                check_part(letter.part)
                which = _name_of(letter, letter.part), letter.part.of, letter.part.whole
                together.setdefault(which, []).append((letter, letter.part))
        for (name, _, _), parts in together.items():
            self._note(name, parts, now)

    def _note(self, name: str, parts: Sequence[tuple[Envelope, Part]], now: datetime) -> None:
        """Note parts of one batch that say the same of it."""
        letter, part = parts[-1]
        counted = self._count(name, part, len(parts))
        if counted is None and self._fits(name, letter, part, now):
            counted = self._count(name, part, len(parts))
        if counted is None:
            return
        rows = [{"name": name, "number": of.number, "sha256": "" if of.less else digest(one.body)} for one, of in parts]
        try:
            self._connection.execute(_ADD, rows)
        except IntegrityError as cause:
            raise Invalid(f"{named(part)}: this part came in another letter") from cause
        came, whole = counted
        if came == part.of:
            self._close(name, part, whole)

    def short(self, *, limit: int, before: datetime | None = None) -> Shorts:
        """Those that are not whole; of which the first part came before an instant, where one is given."""
        which = (_B.state == OPEN) & (_B.since < before.isoformat() if before else true())
        rows = self._connection.execute(_SHORT.where(which).order_by(_B.since, _B.name).limit(limit)).mappings()
        oldest = [Short(**{**row, "since": datetime.fromisoformat(row["since"])}) for row in rows]
        return Shorts(oldest, self._connection.execute(select(func.count()).select_from(inbox_batch).where(which)).scalar_one())

    def give_up(self, name: str) -> bool:
        """Wait no longer for the parts of a batch, which take effect all the same if they come; False where none waits by that name."""
        is_open = (_B.name == name) & (_B.state == OPEN)
        if not self._connection.execute(update(inbox_batch).where(is_open).values(state=GIVEN_UP)).rowcount:
            return False
        self._connection.execute(delete(inbox_part).where(_P.name == name))
        return True

    def _count(self, name: str, part: Part, more: int) -> tuple[int, str] | None:
        """How many have come with these, and the digest of the whole as far as it is known; None where something does not fit."""
        given = {"which": name, "parts": part.of, "said": part.whole, "more": more}
        row = self._connection.execute(_COUNT, given).first()
        return (row.came, row.whole) if row else None

    def _fits(self, name: str, letter: Envelope, part: Part, now: datetime) -> bool:
        """Make what a part needs to be counted; False where nobody waits for it."""
        row = self._connection.execute(_FOUND, {"which": name}).first()
        if row is None:
            self._begin(name, letter, part, now)
        elif row.of != part.of:
            raise Invalid(f"{named(part)}: it began as one of {row.of} parts")
        elif row.whole and part.whole and row.whole != part.whole:
            raise Invalid(f"{named(part)}: those before it say another digest of the whole")
        elif row.state == WHOLE:
            raise Invalid(f"{named(part)}: all its parts have come")
        else:
            self._connection.execute(update(inbox_batch).where(_B.name == name).values(whole=part.whole or row.whole))
        return row is None or row.state == OPEN

    def _begin(self, name: str, letter: Envelope, part: Part, now: datetime) -> None:
        of_its = (_B.state == OPEN) & (_B.sender == letter.sender) & (_B.speaker == letter.speaker)
        if self._connection.execute(select(func.count()).select_from(inbox_batch).where(of_its)).scalar_one() >= MOST_OPEN:
            raise Invalid(f"{named(part)}: {MOST_OPEN} batches of {letter.speaker} that are not whole are enough")
        row = {"name": name, "sender": letter.sender, "speaker": letter.speaker, "phrase": letter.phrase, "of": part.of}
        row |= {"whole": part.whole, "came": 0, "since": now.isoformat(), "state": OPEN}
        self._connection.execute(insert(inbox_batch), row)

    def _close(self, name: str, part: Part, whole: str) -> None:
        """All have come: forget them one by one, once they are together what they say; none says it of what was held back from."""
        digests = self._connection.execute(_DIGESTS, {"which": name}).scalars().all()
        if whole and all(digests) and (found := whole_of(digests)) != whole:
            raise Invalid(f"{named(part)}: all have come and are together not what they say (SHA-256 {found}, not {whole})")
        self._connection.execute(update(inbox_batch).where(_B.name == name).values(state=WHOLE))
        self._connection.execute(delete(inbox_part).where(_P.name == name))


def _name_of(letter: Envelope, part: Part) -> str:
    """What a batch is called here: ids are chosen by who sends, so nobody's is another's."""
    return derived_id(letter.sender, letter.speaker, letter.phrase, part.batch)
