"""What a company asks of who measures, and what came of it there."""

from fastapi import Response

from metropool.portal.call import CallOf
from metropool.portal.declare import Room, on_system
from metropool.portal.listing import ListingOf, list_rows
from metropool.portal.ports.asked import Asked
from metropool.portal.ports.desks import HEARD_REQUESTS, REQUESTS
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.requests import HeardDataRequest, NewSwitchRequest, SwitchRequest

ROOM = Room("requests to metering", of="billing")
HEARD = Room("requests of companies", of="metering")


@ROOM.post("/switch-requests", right=on_system("supply.request"), answer=SwitchRequest, status=201, once=True)
async def ask_switch(call: CallOf, wanted: NewSwitchRequest) -> Response:
    """Ask for a customer's supply to be cut or given back."""
    by = call.person.login
    return await call.do_once(REQUESTS, lambda desk: desk.ask_switch(wanted=wanted, by=by), status=201)


@HEARD.get("/data-requests", right=on_system("meters.read"), answer=Page[HeardDataRequest])
async def list_heard(call: CallOf, *, listing: ListingOf) -> Response:
    """Requests for meter data, newest first."""

    async def fetch(asked: Asked) -> Page[HeardDataRequest]:
        return await call.ask(HEARD_REQUESTS, lambda desk: desk.heard(asked=asked))

    return await list_rows(listing, HeardDataRequest, "data-requests", fetch)
