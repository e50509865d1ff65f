"""The desk of requests at who asks."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from metropool.access.looking import rule_on
from metropool.capabilities.inquiries import operations
from metropool.capabilities.inquiries.model import Inquiry as Known
from metropool.capabilities.inquiries.model import Wish
from metropool.core.periods import business_date
from metropool.exchange.messages import Question
from metropool.exchange.views import QUESTIONS
from metropool.portal.desks.announcements.notice_words import PlaceNames, area_map
from metropool.portal.desks.announcements.office import area_given
from metropool.portal.desks.books.view_words import asked_words
from metropool.portal.desks.paging import page_of
from metropool.portal.desks.words import SERVICES, name
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas import views as schema
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.notices import AreaMap

MONEY = "fen"


class InquiriesDesk:
    """What was asked and answered, in one unit of work."""

    def __init__(self, work: Any) -> None:
        self._work = work

    def inquiries(self, *, state: schema.InquiryState | None, asked: Asked) -> Page[schema.InquiryRow]:
        """The requests, the newest first."""
        rows = [schema.InquiryRow.model_validate(_row(known)) for known in self._work.inquiries.all(state=state)]
        return page_of(rows, asked, as_of=self._work.now)

    def inquiry(self, *, request: str) -> schema.Inquiry:
        """One request.

        Raises:
            NotFound: There is none.
        """
        return self._whole(operations.one(work=self._work, request=request))

    def answer(self, *, request: str, asked: Asked) -> Page[schema.AnswerRow]:
        """The content of an answer, in the owner's order.

        Raises:
            NotFound: There is no such request.
            Conflict: It may not be read.
        """
        pages = operations.content(work=self._work, request=request)
        return page_of([_answer_row(row) for page in pages for row in page.to_pylist()], asked, as_of=self._work.now)

    def areas(self) -> AreaMap:
        """What a request may be about."""
        return area_map(self._work.registry, media=SERVICES)

    def questions(self) -> schema.InquiryQuestions:
        """What may be asked by the rule of today, each with its media and purposes."""
        rule = rule_on(business_date(self._work.now))
        return schema.InquiryQuestions(questions=[_question(what, rule.purposes[what]) for what in QUESTIONS])

    def ask(self, *, given: schema.NewInquiry, by: str) -> schema.Inquiry:
        """Operation: ask."""
        fields = {field: getattr(given, field) for field in Wish.__struct_fields__ if field != "area"}
        return self._whole(operations.ask(work=self._work, wish=Wish(**fields, area=area_given(given.area)), by=by))

    def withdraw(self, *, request: str) -> schema.Inquiry:
        """Operation: take a request back."""
        return self._whole(operations.withdraw(work=self._work, request=request))

    def _whole(self, known: Known) -> schema.Inquiry:
        names, asked = PlaceNames(self._work.registry, [known.asked.area]), known.asked
        more = {
            "area": names.area(asked.area),
            "reason": asked.reason,
            "legal_basis": asked.legal_basis,
            "decision_reason": known.reason,
            "pages": known.pages,
            "came": known.came,
            "is_readable": known.is_readable(self._work.now),
            "forgotten_at": known.forgotten_at,
            "as_of": self._work.now,
        }
        return schema.Inquiry.model_validate(_row(known) | more)


def _question(what: Question, purposes: Sequence[str]) -> schema.InquiryQuestion:
    told = {
        "what": what,
        "name": name("questions", what),
        "services": QUESTIONS[what].services,
        "purposes": [{"id": each, "name": name("purposes", each)} for each in purposes],
        "is_personal": QUESTIONS[what].is_personal,
    }
    return schema.InquiryQuestion.model_validate(told)


def _row(known: Known) -> dict[str, Any]:
    return {
        **asked_words(known.asked),
        "id": known.request,
        "state": known.state,
        "state_text": name("inquiry_states", known.state),
        "asked_by": known.asked.requested_by,
        "asked_at": known.asked_at,
        "decided_at": known.decided_at,
        "expires_at": known.expires_at,
    }


def _answer_row(row: dict[str, Any]) -> schema.AnswerRow:
    is_money = row["unit"] == MONEY
    scale = row["scale"] - 2 if is_money else row["scale"]
    return schema.AnswerRow(
        **{field: row[field] for field in ("period", "measure", "category", "subject", "subjects", "is_suppressed")},
        measure_text=name("measures", row["measure"]),
        category_text=name("categories", row["category"]) if row["category"] else None,
        value=None if row["value"] is None else Decimal(row["value"]).scaleb(scale),
        unit="CNY" if is_money else row["unit"],
    )
