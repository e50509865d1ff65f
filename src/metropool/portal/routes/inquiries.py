"""Requests to look into others' books, at who asks."""

from fastapi import Response

from metropool.portal.call import CallOf, answer
from metropool.portal.declare import Room, on_system
from metropool.portal.listing import ListingOf, list_rows
from metropool.portal.ports.asked import Asked
from metropool.portal.ports.desks import INQUIRIES
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.notices import AreaMap
from metropool.portal.schemas.views import AnswerRow, Inquiry, InquiryQuestions, InquiryRow, InquiryState, NewInquiry

ROOM = Room("requests to look into books", of="inquiries")
READ, ASK = on_system("inquiries.read"), on_system("inquiries.ask")


@ROOM.get("/inquiries", right=READ, answer=Page[InquiryRow])
async def list_inquiries(call: CallOf, listing: ListingOf, state: InquiryState | None = None) -> Response:
    """The requests, the newest first."""

    async def fetch(asked: Asked) -> Page[InquiryRow]:
        return await call.ask(INQUIRIES, lambda desk: desk.inquiries(state=state, asked=asked))

    return await list_rows(listing, InquiryRow, "requests", fetch)


@ROOM.get("/inquiry-areas", right=READ, answer=AreaMap)
async def get_inquiry_areas(call: CallOf) -> Response:
    """Districts and communities to choose from, and the city to draw on."""
    return answer(await call.ask(INQUIRIES, lambda desk: desk.areas()))


@ROOM.get("/inquiry-questions", right=READ, answer=InquiryQuestions)
async def list_questions(call: CallOf) -> Response:
    """What may be asked: of which media, and what for."""
    return answer(await call.ask(INQUIRIES, lambda desk: desk.questions()))


@ROOM.get("/inquiries/{request}", right=READ, answer=Inquiry)
async def get_inquiry(call: CallOf, request: str) -> Response:
    """One request and what was decided."""
    return answer(await call.ask(INQUIRIES, lambda desk: desk.inquiry(request=request)))


@ROOM.get("/inquiries/{request}/answer", right=READ, answer=Page[AnswerRow])
async def read_answer(call: CallOf, listing: ListingOf, request: str) -> Response:
    """The content of an answer, while it may be read; who read it is in the audit."""

    async def fetch(asked: Asked) -> Page[AnswerRow]:
        return await call.do(INQUIRIES, lambda desk: desk.answer(request=request, asked=asked))

    return await list_rows(listing, AnswerRow, f"answer-{request}", fetch)


@ROOM.post("/inquiries", right=ASK, answer=Inquiry, status=201, once=True)
async def ask(call: CallOf, given: NewInquiry) -> Response:
    """Ask to look into somebody's books."""
    by = call.person.login
    return await call.do_once(INQUIRIES, lambda desk: desk.ask(given=given, by=by), status=201)


@ROOM.post("/inquiries/{request}/retraction", right=ASK, answer=Inquiry)
async def retract(call: CallOf, request: str) -> Response:
    """Take a request back; the content of its answer is deleted."""
    return answer(await call.do(INQUIRIES, lambda desk: desk.withdraw(request=request)))
