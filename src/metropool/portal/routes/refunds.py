"""Refunds: asked for by one cashier, decided on by another."""

from fastapi import Response

from metropool.access.rights import need_second_person
from metropool.portal.call import CallOf, answer
from metropool.portal.declare import Room, on_system
from metropool.portal.listing import ListingOf, list_rows
from metropool.portal.ports.asked import Asked
from metropool.portal.ports.desks import REFUNDS
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.commands import Approval
from metropool.portal.schemas.refunds import NewRefund, Refund, RefundState

ROOM = Room("refunds", of="settlement")
RIGHT = on_system("payments.refund")


@ROOM.get("/refunds", right=RIGHT, answer=Page[Refund])
async def list_refunds(call: CallOf, listing: ListingOf, state: RefundState | None = None) -> Response:
    """The refunds, newest first."""

    async def fetch(asked: Asked) -> Page[Refund]:
        return await call.ask(REFUNDS, lambda desk: desk.refunds(state=state, asked=asked))

    return await list_rows(listing, Refund, "refunds", fetch)


@ROOM.post("/refunds", right=RIGHT, answer=Refund, status=201, once=True)
async def ask_refund(call: CallOf, wanted: NewRefund) -> Response:
    """Ask for a refund; nothing moves until a second person says yes."""
    by = call.person.login
    return await call.do_once(REFUNDS, lambda desk: desk.ask(wanted=wanted, by=by), status=201)


@ROOM.post("/refunds/{refund}/approval", right=RIGHT, answer=Refund)
async def decide_on_refund(call: CallOf, refund: str, given: Approval) -> Response:
    """The second person's word; the password is asked again."""
    by = call.person.login
    asked = await call.ask(REFUNDS, lambda desk: desk.refund(refund=refund))
    need_second_person(maker=asked.asked_by, checker=by)
    await call.prove(given.password)
    is_yes = given.decision == "approve"
    return answer(await call.do(REFUNDS, lambda desk: desk.decide(refund=refund, approve=is_yes, reason=given.reason, by=by)))
