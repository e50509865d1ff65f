"""A household's own home, from anywhere; and what a system has heard of it."""

from typing import Annotated

from fastapi import Query, Response

from metropool.portal.call import CallOf, answer
from metropool.portal.declare import Room, on_account
from metropool.portal.ports.desks import ADMISSION, PLACES, POINTS
from metropool.portal.schemas.basics import InstantGiven
from metropool.portal.schemas.places import (
    HomeEvents,
    HomeHeard,
    HomeNow,
    HomeOrder,
    HomeUsage,
    OrderGiven,
    PointHistory,
)

ROOM = Room("places", of="places")
HEARD = Room("points", of="points")
READ, CONTROL = on_account("home.read"), on_account("home.control")


@ROOM.get("/households/{a}/places", right=READ, answer=HomeNow)
async def get_home(call: CallOf, a: str) -> Response:
    """How the home stands, and the newest order to each of its points."""
    gateway = await call.ask(ADMISSION, lambda desk: desk.of_household(account=a))
    home = await call.ask(PLACES, lambda desk: desk.home(gateway=gateway))
    return answer(await call.ask(POINTS, lambda desk: desk.now(gateway=home)))


@ROOM.get("/households/{a}/places/events", right=READ, answer=HomeEvents)
async def get_events(call: CallOf, a: str) -> Response:
    """What happened in the home, newest first."""
    gateway = await call.ask(ADMISSION, lambda desk: desk.of_household(account=a))
    return answer(await call.ask(POINTS, lambda desk: desk.events(place=gateway.place)))


@ROOM.get("/households/{a}/places/points/{point}/history", right=READ, answer=PointHistory)
async def get_history(
    call: CallOf, a: str, point: str, start: InstantGiven, end: InstantGiven, item: Annotated[str, Query(max_length=64)] = "power"
) -> Response:
    """What one item of a point was."""
    place = (await call.ask(ADMISSION, lambda desk: desk.of_household(account=a))).place
    return answer(await call.ask(POINTS, lambda desk: desk.history(place=place, point=point, item=item, start=start, end=end)))


@ROOM.get("/households/{a}/places/usage", right=READ, answer=HomeUsage)
async def get_usage(call: CallOf, a: str) -> Response:
    """Household meter data as it was told to the gateway, and whether the gateway has it."""
    place = (await call.ask(ADMISSION, lambda desk: desk.of_household(account=a))).place
    return answer(await call.ask(POINTS, lambda desk: desk.usage(place=place)))


@ROOM.post("/households/{a}/places/orders", right=CONTROL, answer=HomeOrder, status=201, once=True, phrase="home_commands")
async def give_order(call: CallOf, a: str, given: OrderGiven) -> Response:
    """Switch a point, at most once and not after it expires; what became of it is asked for by its id."""
    key, by = call.request.headers.get("Idempotency-Key", ""), call.person.login
    place = (await call.ask(ADMISSION, lambda desk: desk.of_household(account=a))).place
    return await call.do_once(PLACES, lambda desk: desk.order(place=place, given=given, by=by, key=key), status=201)


@ROOM.get("/households/{a}/places/orders/{order}", right=READ, answer=HomeOrder)
async def get_order(call: CallOf, a: str, order: str) -> Response:
    """What became of an order."""
    place = (await call.ask(ADMISSION, lambda desk: desk.of_household(account=a))).place
    return answer(await call.ask(PLACES, lambda desk: desk.order_of(place=place, id=order)))


@HEARD.get("/households/{a}/points", right=READ, answer=HomeHeard)
async def get_heard(call: CallOf, a: str) -> Response:
    """What this system has heard from the household's home, whether or not it hosts it."""
    return answer(await call.ask(POINTS, lambda desk: desk.heard(account=a)))


@HEARD.get("/households/{a}/points/usage", right=READ, answer=HomeUsage)
async def get_told(call: CallOf, a: str) -> Response:
    """Household meter data that this system tells the home's gateway, and whether the gateway has it."""
    return answer(await call.ask(POINTS, lambda desk: desk.told(account=a)))
