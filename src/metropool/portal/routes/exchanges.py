"""Meter exchange: recorded, corrected, and the history of a usage point."""

from fastapi import Response

from metropool.portal.call import CallOf, answer
from metropool.portal.declare import Room, on_system
from metropool.portal.ports.desks import EXCHANGES
from metropool.portal.schemas.basics import Rows
from metropool.portal.schemas.exchanges import ExchangeForm, MeterExchange, NewExchange

ROOM = Room("exchanges", of="metering")
READ = on_system("meters.read")
EXCHANGE = on_system("meters.exchange")


@ROOM.get("/meters/{meter}/exchanges", right=READ, answer=Rows[MeterExchange])
async def list_exchanges(call: CallOf, meter: str) -> Response:
    """The meters of a usage point in turn, with their registers."""
    return answer(await call.ask(EXCHANGES, lambda desk: desk.history(meter=meter)))


@ROOM.get("/meters/{meter}/exchange-form", right=EXCHANGE, answer=ExchangeForm)
async def get_form(call: CallOf, meter: str) -> Response:
    """What the dialog offers."""
    return answer(await call.ask(EXCHANGES, lambda desk: desk.form(meter=meter)))


@ROOM.post("/meters/{meter}/exchanges", right=EXCHANGE, answer=MeterExchange, status=201, once=True)
async def record_exchange(call: CallOf, meter: str, wanted: NewExchange) -> Response:
    """Record that a meter was exchanged."""
    by, key = call.person.login, call.request.headers.get("Idempotency-Key", "")
    return await call.do_once(EXCHANGES, lambda desk: desk.record(meter=meter, wanted=wanted, by=by, key=key), status=201)


@ROOM.post("/exchanges/{exchange}/corrections", right=EXCHANGE, answer=MeterExchange, status=201, once=True)
async def correct_exchange(call: CallOf, exchange: str, wanted: NewExchange) -> Response:
    """Say otherwise how a meter was exchanged."""
    by = call.person.login
    return await call.do_once(EXCHANGES, lambda desk: desk.correct(exchange=exchange, wanted=wanted, by=by), status=201)
