"""My data: what a household agrees to, who looked at it."""

from fastapi import Response

from metropool.portal.call import CallOf, answer
from metropool.portal.declare import Room, on_account
from metropool.portal.listing import ListingOf, list_rows
from metropool.portal.ports.asked import Asked
from metropool.portal.ports.desks import CONSENTS
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.consents import AccessRow, ConsentChange, Consents

ROOM = Room("my data", of="sharing")
READ = on_account("home.read")


@ROOM.get("/households/{a}/consents", right=READ, answer=Consents)
async def get_consents(call: CallOf, a: str) -> Response:
    """Everything the household may agree to, and what it did."""
    return answer(await call.ask(CONSENTS, lambda desk: desk.consents(account=a)))


@ROOM.post(
    "/households/{a}/consents", right=on_account("home.consent"), answer=Consents, status=201, once=True, phrase="consents"
)
async def change_consent(call: CallOf, a: str, given: ConsentChange) -> Response:
    """Agree, or withdraw it; what waits to leave is looked at again before it does."""
    by = call.person.login
    return await call.do_once(CONSENTS, lambda desk: desk.change(account=a, given=given, by=by), status=201)


@ROOM.get("/households/{a}/accesses", right=READ, answer=Page[AccessRow])
async def list_accesses(call: CallOf, listing: ListingOf, a: str) -> Response:
    """Who looked at the household, for what, on what ground: the newest first."""

    async def fetch(asked: Asked) -> Page[AccessRow]:
        return await call.ask(CONSENTS, lambda desk: desk.accesses(account=a, asked=asked))

    return await list_rows(listing, AccessRow, "who-looked", fetch)
