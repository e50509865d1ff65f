"""Announcements at their office: write, change, publish now or later, withdraw."""

from fastapi import Response

from metropool.portal.call import CallOf, answer
from metropool.portal.declare import Room, on_system
from metropool.portal.listing import ListingOf, list_rows
from metropool.portal.ports.asked import Asked
from metropool.portal.ports.desks import OFFICE
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.notices import (
    AreaMap,
    NoticeChange,
    NoticeGiven,
    NoticePublication,
    NoticeWithdrawal,
    OfficeNotice,
    OfficeNoticeRow,
    OfficeState,
)

ROOM = Room("announcements", of="office")
READ, PUBLISH = on_system("notices.read"), on_system("notices.publish")


@ROOM.get("/notices", right=READ, answer=Page[OfficeNoticeRow])
async def list_notices(call: CallOf, listing: ListingOf, state: OfficeState | None = None, q: str | None = None) -> Response:
    """The office's announcements, the one changed last first."""

    async def fetch(asked: Asked) -> Page[OfficeNoticeRow]:
        return await call.ask(OFFICE, lambda desk: desk.notices(state=state, q=q, asked=asked))

    return await list_rows(listing, OfficeNoticeRow, "announcements", fetch)


@ROOM.get("/notice-areas", right=READ, answer=AreaMap)
async def get_areas(call: CallOf) -> Response:
    """Districts and communities to choose from, and the city to draw on."""
    return answer(await call.ask(OFFICE, lambda desk: desk.areas()))


@ROOM.get("/notices/{notice}", right=READ, answer=OfficeNotice)
async def get_notice(call: CallOf, notice: str) -> Response:
    """One announcement with its editions."""
    return answer(await call.ask(OFFICE, lambda desk: desk.notice(notice=notice)))


@ROOM.post("/notices", right=PUBLISH, answer=OfficeNotice, status=201, once=True)
async def compose_notice(call: CallOf, given: NoticeGiven) -> Response:
    """Begin a draft."""
    by = call.person.login
    return await call.do_once(OFFICE, lambda desk: desk.compose(given=given, by=by), status=201)


@ROOM.post("/notices/{notice}/words", right=PUBLISH, answer=OfficeNotice, status=201, once=True)
async def change_notice(call: CallOf, notice: str, given: NoticeChange) -> Response:
    """Say something else; what was published is told anew at once."""
    by = call.person.login
    return await call.do_once(OFFICE, lambda desk: desk.rewrite(notice=notice, given=given, by=by), status=201)


@ROOM.post("/notices/{notice}/publication", right=PUBLISH, answer=OfficeNotice, status=201, once=True)
async def publish_notice(call: CallOf, notice: str, given: NoticePublication) -> Response:
    """Publish now, or at a later instant."""
    by = call.person.login
    return await call.do_once(OFFICE, lambda desk: desk.publish(notice=notice, given=given, by=by), status=201)


@ROOM.post("/notices/{notice}/withdrawal", right=PUBLISH, answer=OfficeNotice, status=201, once=True)
async def withdraw_notice(call: CallOf, notice: str, given: NoticeWithdrawal) -> Response:
    """Take it back, for good."""
    by = call.person.login
    return await call.do_once(OFFICE, lambda desk: desk.withdraw(notice=notice, given=given, by=by), status=201)
