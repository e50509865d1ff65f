"""The desk of requests at whoever keeps the books, and of the records of what was given."""

from datetime import datetime
from typing import Any

from metropool.capabilities.disclosure import computing, operations
from metropool.capabilities.disclosure.model import Known
from metropool.core.errors import NotFound
from metropool.portal.desks.announcements.notice_words import PlaceNames
from metropool.portal.desks.books.view_words import asked_words, provision_row
from metropool.portal.desks.paging import page_of
from metropool.portal.desks.words import Parties, name
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas import views as schema
from metropool.portal.schemas.basics import Page

MOST_RECORDS = 100_000


class DisclosuresDesk:
    """What others ask to see, in one unit of work."""

    def __init__(self, work: Any) -> None:
        self._work = work
        self._parties = Parties(work.registry)

    def disclosures(self, *, state: schema.DisclosureState | None, asked: Asked) -> Page[schema.DisclosureRow]:
        """The requests, the newest first."""
        rows = [schema.DisclosureRow.model_validate(self._row(known)) for known in self._work.disclosures.all(state=state)]
        return page_of(rows, asked, as_of=self._work.now)

    def disclosure(self, *, asker: str, request: str) -> schema.Disclosure:
        """One request.

        Raises:
            NotFound: There is none.
        """
        return self._whole(self._known(asker, request))

    def prepare(self, *, asker: str, request: str) -> computing.Prepared:
        """What an approval would tell."""
        return computing.prepare(work=self._work, asked=self._known(asker, request).asked)

    def approve(
        self, *, asker: str, request: str, prepared: computing.Prepared, reason: str, until: datetime | None, by: str
    ) -> schema.Disclosure:
        """Operation: approve."""
        which = {"asker": asker, "request": request, "by": by}
        return self._whole(operations.approve(work=self._work, prepared=prepared, reason=reason, until=until, **which))

    def refuse(self, *, asker: str, request: str, reason: str, by: str) -> schema.Disclosure:
        """Operation: refuse."""
        return self._whole(operations.refuse(work=self._work, asker=asker, request=request, reason=reason, by=by))

    def revoke(self, *, asker: str, request: str, reason: str, by: str) -> schema.Disclosure:
        """Operation: take an approval back."""
        return self._whole(operations.revoke(work=self._work, asker=asker, request=request, reason=reason, by=by))

    def provisions(self, *, asked: Asked) -> Page[schema.ProvisionRow]:
        """Records of what was given, the newest first."""
        if asked.sort:
            found, _ = self._work.provisions.all(limit=MOST_RECORDS)
            return page_of([provision_row(one, self._parties) for one in found], asked, as_of=self._work.now)
        found, total = self._work.provisions.all(limit=asked.size, offset=asked.offset)
        rows = [provision_row(one, self._parties) for one in found]
        return Page[schema.ProvisionRow](rows=rows, page=asked.page, size=asked.size, total=total, as_of=self._work.now)

    def _known(self, asker: str, request: str) -> Known:
        known: Known | None = self._work.disclosures.one(asker=asker, request=request)
        if known is None:
            raise NotFound(f"no request {request} of {asker}")
        return known

    def _whole(self, known: Known) -> schema.Disclosure:
        asked, names = known.asked, PlaceNames(self._work.registry, [known.asked.area])
        more = {
            **{field: getattr(known, field) for field in ("first_by", "first_at", "pages", "rows", "suppressed")},
            "area": names.area(asked.area),
            "reason": asked.reason,
            "legal_basis": asked.legal_basis,
            "decision_reason": known.reason,
            "as_of": self._work.now,
            "points": self._work.subjects.points(service=asked.service, area=asked.area).height,
        }
        return schema.Disclosure.model_validate(self._row(known) | more)

    def _row(self, known: Known) -> dict[str, Any]:
        asked = known.asked
        return {
            **asked_words(asked),
            **{field: getattr(known, field) for field in ("state", "heard_at", "decided_by", "decided_at", "expires_at")},
            "id": asked.request,
            "asker": asked.asker,
            "party": asked.party,
            "party_name": self._parties.name(asked.party),
            "state_text": name("disclosure_states", known.state),
            "requested_by": asked.requested_by,
        }
