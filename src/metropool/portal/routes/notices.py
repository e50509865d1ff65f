"""Announcements at a household: read them, say they came. And how far they came, for the people of their office."""

from typing import Literal

from fastapi import Response

from metropool.portal.call import CallOf, answer
from metropool.portal.declare import Room, on_account, on_named_system
from metropool.portal.listing import ListingOf, list_rows
from metropool.portal.ports.asked import Asked
from metropool.portal.ports.desks import NOTICES
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.notices import AreaMap, HomeNotice, Medium, NoticeReach, NoticeReceipts, NoticesWaiting

ROOM = Room("announcements", of="notices")
READ = on_account("home.read")


@ROOM.get("/households/{a}/notices", right=READ, answer=Page[HomeNotice])
async def list_notices(
    call: CallOf, a: str, listing: ListingOf, service: Medium | None = None, scope: Literal["mine", "city"] = "mine"
) -> Response:
    """A home's announcements, what is over last, of each the newest first; ``scope=city`` has those for others too."""

    async def fetch(asked: Asked) -> Page[HomeNotice]:
        return await call.ask(NOTICES, lambda desk: desk.notices(account=a, service=service, scope=scope, asked=asked))

    return await list_rows(listing, HomeNotice, f"announcements-{a}", fetch)


@ROOM.get("/households/{a}/notices/waiting", right=READ, answer=NoticesWaiting)
async def get_waiting(call: CallOf, a: str) -> Response:
    """How many are unread, and which the app has not said it has."""
    return answer(await call.ask(NOTICES, lambda desk: desk.waiting(account=a)))


@ROOM.get("/households/{a}/notices/map", right=READ, answer=AreaMap)
async def get_map(call: CallOf, a: str) -> Response:
    """The city's districts and communities, and where the home lies."""
    return answer(await call.ask(NOTICES, lambda desk: desk.areas(account=a)))


@ROOM.post("/households/{a}/notices/receipts", right=READ, answer=NoticesWaiting, status=201, once=True)
async def give_receipts(call: CallOf, a: str, given: NoticeReceipts) -> Response:
    """Say that some have come, or were opened."""
    return await call.do_once(NOTICES, lambda desk: desk.receive(account=a, given=given), status=201)


@ROOM.get("/offices/{system}/notices", right=on_named_system("notices.read"), answer=Page[NoticeReach])
async def list_reach(call: CallOf, system: str, listing: ListingOf) -> Response:
    """How far an office's announcements came, for whoever may read them there."""

    async def fetch(asked: Asked) -> Page[NoticeReach]:
        return await call.ask(NOTICES, lambda desk: desk.reaches(office=system, asked=asked))

    return await list_rows(listing, NoticeReach, f"announcements-{system}", fetch)
