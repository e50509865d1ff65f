"""Records of what was given to others (提供记录): who, to whom, of whom, which fields, for what, on what ground, until when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from metropool.access.tables import provision, provision_subject
from metropool.core.clock import Instant
from metropool.storage.units import UnitContext


@dataclass(frozen=True)
class Provision:
    """One letter with rows that went to somebody else.

    Attributes:
        id: Id of its envelope.
        at: Unix seconds.
        giver: System whose books the rows are from.
        receiver: System that has them; ``receiver_party`` runs it.
        what: Phrase of the contract, or the question that was answered.
        fields: Names of what each row tells.
        rows: How many rows; ``subjects``: how many households stand behind them.
        agreement: The request or consents it rests on.
        allowed_by: Who approved, or the households that agreed.
        expires_at: End of the use, Unix seconds.
        withheld_at: The relay held it back before it was sent.
    """

    id: str
    giver: str
    receiver: str
    receiver_party: str
    what: str
    fields: str
    rows: int
    subjects: int
    agreement: str
    purpose: str
    legal_basis: str
    allowed_by: str
    expires_at: int | None = None
    at: int = 0
    withheld_at: int | None = None

    @property
    def given_at(self) -> Instant:
        """When it was put on its way."""
        return datetime.fromtimestamp(self.at, UTC)

    @property
    def ends_at(self) -> Instant | None:
        """End of the use."""
        return None if self.expires_at is None else datetime.fromtimestamp(self.expires_at, UTC)


class Provisions:
    """The records of one system, in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection: Connection = context.connection
        self._now_s = int(context.now.timestamp())

    def note(self, given: Provision, *, of: Iterable[str] = ()) -> None:
        """Record what is given now; ``of``: households or usage points it tells of one by one."""
        self._connection.execute(insert(provision).values(**{**vars(given), "at": self._now_s}))
        subjects = [{"provision": given.id, "subject": subject} for subject in sorted(set(of))]
        if subjects:
            self._connection.execute(insert(provision_subject), subjects)

    def withhold(self, provision_id: str, *, rows: int = 0, of: Iterable[str] = ()) -> None:
        """Correct a record: fewer rows left than were told, or none; ``of``: who is still told of."""
        kept = set(of)
        values: dict[str, Any] = {"rows": rows, "subjects": len(kept)} | ({} if rows else {"withheld_at": self._now_s})
        self._connection.execute(update(provision).where(provision.c.id == provision_id).values(**values))
        s = provision_subject.c
        gone = provision_subject.delete().where(s.provision == provision_id)
        self._connection.execute(gone.where(s.subject.not_in(kept)) if kept else gone)

    def all(self, *, limit: int, offset: int = 0) -> tuple[list[Provision], int]:
        """Records, the newest first, and how many there are."""
        total = self._connection.execute(select(func.count()).select_from(provision)).scalar_one()
        c = provision.c
        query = select(provision).order_by(c.at.desc(), c.id).limit(limit).offset(offset)
        return self._read(query), int(total)

    def of_request(self, request: str, *, receiver: str) -> list[Provision]:
        """What was given of one request of a system, in the order it was."""
        c = provision.c
        return self._read(select(provision).where(c.agreement == request, c.receiver == receiver).order_by(c.at, c.id))

    def of_subjects(self, subjects: Sequence[str]) -> list[Provision]:
        """What was given that tells of one of these, the newest first: the pages of an answer that do as one, from the first of them.

        What was held back is not among it.
        """
        c, s = provision.c, provision_subject.c
        those = select(s.provision).where(s.subject.in_(list(subjects)))
        answers: dict[tuple[object, ...], list[Provision]] = {}
        for page in self._read(select(provision).where(c.id.in_(those), c.withheld_at.is_(None)).order_by(c.at, c.id)):
            answers.setdefault(_answer_of(page), []).append(page)
        return sorted((self._as_one(pages) for pages in answers.values()), key=lambda given: (-given.at, given.id))

    def _as_one(self, pages: Sequence[Provision]) -> Provision:
        if len(pages) == 1:
            return pages[0]
        s = provision_subject.c
        told_of = select(func.count(s.subject.distinct())).where(s.provision.in_([page.id for page in pages]))
        said = {name for page in pages for name in page.fields.split()}
        return replace(
            pages[0],
            fields=" ".join(sorted(said)),
            rows=sum(page.rows for page in pages),
            subjects=int(self._connection.execute(told_of).scalar_one()),
        )

    def _read(self, query: Any) -> list[Provision]:
        names = [field.name for field in fields(Provision)]
        return [Provision(**{name: row[name] for name in names}) for row in self._connection.execute(query).mappings()]


def _answer_of(page: Provision) -> tuple[object, ...]:
    """What pages of one answer have in common. A request is answered once; what rests on consents has no end and goes day by day."""
    same = (
        page.giver,
        page.receiver,
        page.what,
        page.agreement,
        page.purpose,
        page.legal_basis,
        page.allowed_by,
        page.expires_at,
    )
    return (*same, page.at if page.expires_at is None else None)
