"""How often items are collected, and changing it."""

from fastapi import Response

from metropool.portal.call import CallOf, answer
from metropool.portal.declare import Room, on_system
from metropool.portal.ports.desks import SCHEDULES
from metropool.portal.schemas.basics import Service
from metropool.portal.schemas.collecting import ScheduleChange, ScheduleRow, Schedules, ScheduleUndo

ROOM = Room("schedules", of="metering")
CHANGE = on_system("collection.schedule")


@ROOM.get("/collection/schedules", right=on_system("meters.read"), answer=Schedules)
async def get_schedules(call: CallOf, service: Service | None = None) -> Response:
    """Which items are collected how often, and every version of it."""
    return answer(await call.ask(SCHEDULES, lambda desk: desk.schedules(service=service)))


@ROOM.post("/collection/schedules/{item}", right=CHANGE, answer=ScheduleRow, status=201, once=True)
async def change_schedule(call: CallOf, item: str, wanted: ScheduleChange) -> Response:
    """Make a new version of how an item is collected."""
    by = call.person.login
    return await call.do_once(SCHEDULES, lambda desk: desk.change(item=item, wanted=wanted, by=by), status=201)


@ROOM.post("/collection/schedules/{item}/undo", right=CHANGE, answer=ScheduleRow, status=201, once=True)
async def undo_schedule(call: CallOf, item: str, wanted: ScheduleUndo) -> Response:
    """Make a new version with the values of an earlier one."""
    by = call.person.login
    return await call.do_once(SCHEDULES, lambda desk: desk.undo(item=item, wanted=wanted, by=by), status=201)
