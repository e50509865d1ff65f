"""A company's own bills."""

import asyncio
from typing import Annotated

from fastapi import Query, Response

from metropool.core.texts import Language
from metropool.portal.call import CallOf, answer
from metropool.portal.declare import Room, on_system
from metropool.portal.documents.bill import render_company_bill
from metropool.portal.listing import ListingOf, list_rows
from metropool.portal.ports.asked import Asked
from metropool.portal.ports.desks import BILLING
from metropool.portal.routes.resident import document
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.bills import BillState, CompanyBill, CompanyBillRow, CompanyOverview

ROOM = Room("bills", of="billing")
READ = on_system("bills.read")
MonthAsked = Annotated[str | None, Query(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]


@ROOM.get("/overview", right=READ, answer=CompanyOverview)
async def get_overview(call: CallOf, month: MonthAsked = None) -> Response:
    """A billing month in a few numbers."""
    return answer(await call.ask(BILLING, lambda desk: desk.overview(month=month)))


@ROOM.get("/bills", right=READ, answer=Page[CompanyBillRow])
async def list_bills(
    call: CallOf,
    *,
    listing: ListingOf,
    month: MonthAsked = None,
    state: BillState | None = None,
    q: str | None = None,
    estimated: bool | None = None,
) -> Response:
    """The bills."""

    async def fetch(asked: Asked) -> Page[CompanyBillRow]:
        return await call.ask(BILLING, lambda desk: desk.bills(month=month, state=state, q=q, estimated=estimated, asked=asked))

    return await list_rows(listing, CompanyBillRow, f"bills-{month or 'all'}", fetch)


@ROOM.get("/bills/{bill_number}", right=READ, answer=CompanyBill)
async def get_bill(call: CallOf, bill_number: str) -> Response:
    """One bill with how it was worked out."""
    return answer(await call.ask(BILLING, lambda desk: desk.bill(bill_number=bill_number)))


@ROOM.get("/bills/{bill_number}/pdf", right=READ, media="application/pdf")
async def get_bill_pdf(call: CallOf, bill_number: str, language: Language = "zh") -> Response:
    """One bill as a document."""
    bill = await call.ask(BILLING, lambda desk: desk.bill(bill_number=bill_number))
    body = await asyncio.to_thread(render_company_bill, bill, language)
    return document(body, f"bill-{bill.bill_number}")
