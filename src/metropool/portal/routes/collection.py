"""How collection goes, and collecting again."""

from typing import Literal

from fastapi import Response

from metropool.portal.call import CallOf, answer
from metropool.portal.declare import Room, on_system
from metropool.portal.listing import ListingOf, list_rows
from metropool.portal.ports.asked import Asked
from metropool.portal.ports.desks import METERING
from metropool.portal.routes.resident import check_period
from metropool.portal.schemas import metering
from metropool.portal.schemas.basics import InstantGiven, Page, Service
from metropool.portal.schemas.metering import Recollect, RecollectionOrdered, Terminal, TerminalState

ROOM = Room("collection", of="metering")
READ = on_system("meters.read")


@ROOM.get("/collection", right=READ, answer=metering.Collection)
async def get_collection(
    call: CallOf,
    start: InstantGiven,
    end: InstantGiven,
    service: Service | None = None,
    item: Literal["all", "interval", "daily", "monthly"] = "all",
) -> Response:
    """Success by terminal and day, and where values were lost."""
    check_period(start, end, days=100)
    return answer(await call.ask(METERING, lambda desk: desk.collection(service=service, start=start, end=end, item=item)))


@ROOM.get("/terminals", right=READ, answer=Page[Terminal])
async def list_terminals(
    call: CallOf, listing: ListingOf, state: TerminalState | None = None, area: str | None = None, q: str | None = None
) -> Response:
    """The acquisition terminals."""

    async def fetch(asked: Asked) -> Page[Terminal]:
        return await call.ask(METERING, lambda desk: desk.terminals(state=state, area=area, q=q, asked=asked))

    return await list_rows(listing, Terminal, "terminals", fetch)


@ROOM.post("/collection/recollect", right=on_system("collection.recollect"), answer=RecollectionOrdered, status=202, once=True)
async def recollect(call: CallOf, wanted: Recollect) -> Response:
    """Collect the gaps of some terminals again."""
    check_period(wanted.start, wanted.end, days=100)
    by = call.person.login
    return await call.do_once(METERING, lambda desk: desk.recollect(wanted=wanted, by=by), status=202)
