"""A home's pages: today, combined bills, usage. The account in the path is one the person holds, or there is none."""

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import Query, Response

from metropool.core.errors import Fault, Invalid
from metropool.core.texts import Language
from metropool.portal.call import Call, CallOf, answer, site_url
from metropool.portal.declare import SELF, Room, on_account
from metropool.portal.documents.bill import render_bill
from metropool.portal.listing import ExportOf, ListingOf, export_rows, list_rows
from metropool.portal.ports.asked import Asked
from metropool.portal.ports.desks import HOUSEHOLDS, USAGE
from metropool.portal.routes.series import SeriesRow, rows_of
from metropool.portal.schemas.basics import InstantGiven, Page, Rows, Service
from metropool.portal.schemas.bills import AskAboutBill, BillQuestion, BillState, BillSummary, CombinedBill
from metropool.portal.schemas.resident import Household, Step, Today, Usage, UsageCalendar, UsageNow

ROOM = Room("resident", of="settlement")
USAGE_ROOM = Room("resident", of="insight")
READ = on_account("home.read")


@ROOM.get("/households", right=SELF, answer=Rows[Household])
async def list_households(call: CallOf) -> Response:
    """The homes the person may see."""
    accounts = call.person.households(now=call.now)
    found = await call.ask(HOUSEHOLDS, lambda desk: desk.households(accounts=accounts))
    return answer(Rows[Household](rows=found))


@ROOM.get("/households/{a}/today", right=READ, answer=Today)
async def get_today(call: CallOf, a: str) -> Response:
    """What is owed, what is wrong, what was used today."""
    due = await call.ask(HOUSEHOLDS, lambda desk: desk.due_now(account=a))
    ahead = await call.ask(HOUSEHOLDS, lambda desk: desk.alerts(account=a))
    usage = await _usage_now(call, a)
    return answer(Today(account=a, **{**dict(due), **dict(usage), "alerts": [*ahead, *usage.alerts]}))


@ROOM.get("/households/{a}/bills", right=READ, answer=Page[BillSummary])
async def list_bills(call: CallOf, a: str, listing: ListingOf, state: BillState | None = None) -> Response:
    """The combined bills of a home, newest first."""

    async def fetch(asked: Asked) -> Page[BillSummary]:
        return await call.ask(HOUSEHOLDS, lambda desk: desk.bills(account=a, state=state, asked=asked))

    return await list_rows(listing, BillSummary, f"bills-{a}", fetch)


@ROOM.get("/households/{a}/bills/{number}", right=READ, answer=CombinedBill)
async def get_bill(call: CallOf, a: str, number: str) -> Response:
    """One combined bill; ``latest`` is the newest."""
    return answer(await call.ask(HOUSEHOLDS, lambda desk: desk.bill(account=a, number=number)))


@ROOM.get("/households/{a}/bills/{number}/pdf", right=READ, media="application/pdf")
async def get_bill_pdf(call: CallOf, a: str, number: str, language: Language = "zh") -> Response:
    """The combined bill as a document."""
    bill = await call.ask(HOUSEHOLDS, lambda desk: desk.bill(account=a, number=number))
    body = await asyncio.to_thread(render_bill, bill, language, pay_url=f"{site_url(call)}/pay/{a}")
    return document(body, f"bill-{bill.number}")


@ROOM.post("/households/{a}/bills/{number}/questions", right=READ, answer=BillQuestion, status=201, once=True)
async def ask_about_bill(call: CallOf, a: str, number: str, question: AskAboutBill) -> Response:
    """Ask about a bill or one of its lines."""
    by = call.person.login
    return await call.do_once(
        HOUSEHOLDS, lambda desk: desk.ask_about_bill(account=a, number=number, question=question, by=by), status=201
    )


@USAGE_ROOM.get("/households/{a}/usage", right=READ, answer=Usage)
async def get_usage(
    call: CallOf,
    *,
    a: str,
    export: ExportOf,
    service: Service,
    start: InstantGiven,
    end: InstantGiven,
    step: Step = "interval",
    compare_start: InstantGiven | None = None,
) -> Response:
    """One service over a period, as quantity, money and carbon."""
    check_period(start, end)
    found = await call.ask(
        USAGE,
        lambda desk: desk.usage(account=a, service=service, start=start, end=end, step=step, compare_start=compare_start),
    )
    if export.kind is None:
        return answer(found)
    return await export_rows(export, SeriesRow, rows_of(found.series, money=found.money, carbon=found.carbon), f"usage-{a}")


@USAGE_ROOM.get("/households/{a}/usage/calendar", right=READ, answer=UsageCalendar)
async def get_calendar(call: CallOf, a: str, service: Service, year: Annotated[int, Query(ge=2000, le=2199)]) -> Response:
    """A year of days."""
    return answer(await call.ask(USAGE, lambda desk: desk.calendar(account=a, service=service, year=year)))


def check_period(start: datetime, end: datetime, *, days: int = 800) -> None:
    """Hold a period of a question to what can be answered.

    Raises:
        Invalid: It ends before it starts, or is longer than ``days``.
    """
    if not start < end:
        raise Invalid("the period is empty", faults=[Fault("end", "fault.period_order")])
    if (end - start).days > days:
        raise Invalid("the period is too long", faults=[Fault("end", "fault.period_length")])


def document(body: bytes, name: str) -> Response:
    """A document to show or keep."""
    return Response(body, media_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}.pdf"'})


async def _usage_now(call: Call, account: str) -> UsageNow:
    if USAGE.capability not in call.host.hosts:
        return UsageNow(as_of=call.now, alerts=[], usage=[])
    return await call.ask(USAGE, lambda desk: desk.now(account=account))
