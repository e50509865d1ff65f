"""A company's back office: its customers, the readings of their meters, and the meter data it asks for again."""

from fastapi import Response

from metropool.portal.call import CallOf
from metropool.portal.declare import Room, on_system
from metropool.portal.listing import ListingOf, list_rows
from metropool.portal.ports.asked import Asked
from metropool.portal.ports.desks import COMPANY
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.company import CustomerReading, CustomerRow, DataRequest, NewDataRequest

ROOM = Room("back office", of="billing")
READ, ASK = on_system("customers.read"), on_system("readings.ask")


@ROOM.get("/customers", right=READ, answer=Page[CustomerRow])
async def list_customers(call: CallOf, listing: ListingOf, q: str | None = None) -> Response:
    """The company's customers, by account number."""

    async def fetch(asked: Asked) -> Page[CustomerRow]:
        return await call.ask(COMPANY, lambda desk: desk.customers(q=q, asked=asked))

    return await list_rows(listing, CustomerRow, "customers", fetch)


@ROOM.get("/customers/{usage_point}/readings", right=READ, answer=Page[CustomerReading])
async def list_readings(call: CallOf, listing: ListingOf, usage_point: str) -> Response:
    """What one of the company's usage points showed, as metering told it, the newest day first."""

    async def fetch(asked: Asked) -> Page[CustomerReading]:
        return await call.ask(COMPANY, lambda desk: desk.readings(usage_point=usage_point, asked=asked))

    return await list_rows(listing, CustomerReading, f"readings-{usage_point}", fetch)


@ROOM.get("/data-requests", right=READ, answer=Page[DataRequest])
async def list_data_requests(call: CallOf, listing: ListingOf) -> Response:
    """Meter data asked for again, and what came back: the newest first."""

    async def fetch(asked: Asked) -> Page[DataRequest]:
        return await call.ask(COMPANY, lambda desk: desk.data_requests(asked=asked))

    return await list_rows(listing, DataRequest, "data-requests", fetch)


@ROOM.post("/data-requests", right=ASK, answer=DataRequest, status=201, once=True)
async def ask_for_rows(call: CallOf, given: NewDataRequest) -> Response:
    """Ask whoever measured for some days again."""
    by = call.person.login
    return await call.do_once(COMPANY, lambda desk: desk.ask_rows(given=given, by=by), status=201)
