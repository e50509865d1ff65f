"""Alarms and anomalies at whoever hears them."""

from fastapi import Response

from metropool.portal.call import CallOf, answer
from metropool.portal.declare import Room, on_system
from metropool.portal.listing import ListingOf, list_rows
from metropool.portal.ports.asked import Asked
from metropool.portal.ports.desks import WATCH
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.watch import WatchedRow, What

ROOM = Room("alarms and anomalies", of="watch")
READ, ACKNOWLEDGE = on_system("watch.read"), on_system("watch.acknowledge")


@ROOM.get("/watch", right=READ, answer=Page[WatchedRow])
async def list_watched(call: CallOf, listing: ListingOf, what: What | None = None, only_open: bool = False) -> Response:
    """What goes on and nobody has taken note of first, then the newest."""

    async def fetch(asked: Asked) -> Page[WatchedRow]:
        return await call.ask(WATCH, lambda desk: desk.watched(what=what, only_open=only_open, asked=asked))

    return await list_rows(listing, WatchedRow, "alarms", fetch)


@ROOM.post("/watch/{id}/acknowledgement", right=ACKNOWLEDGE, answer=WatchedRow)
async def acknowledge(call: CallOf, id: str) -> Response:
    """Take note of an alarm or an anomaly; the first person stays the one who did."""
    by = call.person.login
    return answer(await call.do(WATCH, lambda desk: desk.acknowledge(id=id, by=by)))
