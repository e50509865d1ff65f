"""Work orders on terminals and meters."""

from typing import Literal

from fastapi import Response

from metropool.portal.call import CallOf, answer
from metropool.portal.declare import Room, on_system
from metropool.portal.listing import ListingOf, list_rows
from metropool.portal.ports.asked import Asked
from metropool.portal.ports.desks import WORK_ORDERS
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.collecting import (
    NewOrderStep,
    NewWorkOrders,
    OrderKind,
    OrderState,
    WorkOrder,
    WorkOrderRow,
    WorkOrdersOpened,
)

ROOM = Room("work orders", of="metering")
READ, MANAGE = on_system("meters.read"), on_system("work_orders.manage")


@ROOM.get("/work-orders", right=READ, answer=Page[WorkOrderRow])
async def list_orders(
    call: CallOf,
    *,
    listing: ListingOf,
    state: OrderState | Literal["unfinished"] | None = None,
    kind: OrderKind | None = None,
    device: str | None = None,
    q: str | None = None,
) -> Response:
    """The work orders, unfinished ones first."""

    async def fetch(asked: Asked) -> Page[WorkOrderRow]:
        return await call.ask(WORK_ORDERS, lambda desk: desk.orders(state=state, kind=kind, device=device, q=q, asked=asked))

    return await list_rows(listing, WorkOrderRow, "work-orders", fetch)


@ROOM.get("/work-orders/{number}", right=READ, answer=WorkOrder)
async def get_order(call: CallOf, number: str) -> Response:
    """One work order with its steps."""
    return answer(await call.ask(WORK_ORDERS, lambda desk: desk.one(number=number)))


@ROOM.post("/work-orders", right=MANAGE, answer=WorkOrdersOpened, status=201, once=True)
async def open_orders(call: CallOf, wanted: NewWorkOrders) -> Response:
    """Open an order for each of some devices; one that is open already stays the one there is."""
    by = call.person.login
    return await call.do_once(WORK_ORDERS, lambda desk: desk.open(wanted=wanted, by=by), status=201)


@ROOM.post("/work-orders/{number}/steps", right=MANAGE, answer=WorkOrder, status=201, once=True)
async def take_step(call: CallOf, number: str, wanted: NewOrderStep) -> Response:
    """Begin, hand over, finish or cancel an order."""
    by = call.person.login
    return await call.do_once(WORK_ORDERS, lambda desk: desk.step(number=number, wanted=wanted, by=by), status=201)
