"""The routes, by page group; each declared with its right."""

from metropool.portal.declare import Room
from metropool.portal.routes import (
    billing,
    collection,
    control,
    exchanges,
    invoices,
    live,
    metering,
    notices,
    office,
    payment,
    places,
    refunds,
    resident,
    schedules,
    session,
    site,
    topology,
    work_orders,
)

DOOR_ROOMS: tuple[Room, ...] = (site.ROOM, session.ROOM, live.PUBLISHED)
SYSTEM_ROOMS: tuple[Room, ...] = (
    live.ROOM,
    live.PUBLISHED,
    resident.ROOM,
    resident.USAGE_ROOM,
    payment.ROOM,
    refunds.ROOM,
    invoices.ROOM,
    metering.ROOM,
    collection.ROOM,
    schedules.ROOM,
    work_orders.ROOM,
    control.ROOM,
    exchanges.ROOM,
    billing.ROOM,
    office.ROOM,
    notices.ROOM,
    places.ROOM,
    topology.ROOM,
)
