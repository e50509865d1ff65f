"""Letters that a system could not take in: seen with their reasons, taken in after all, or given up."""

from fastapi import Response

from metropool.core.errors import Conflict
from metropool.portal.call import CallOf
from metropool.portal.declare import Room, on_system
from metropool.portal.listing import ListingOf, list_rows
from metropool.portal.ports.asked import Asked
from metropool.portal.ports.desks import PARKED
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.parked import Discard, ParkedLetter, ParkedState, Replay

ROOM = Room("parked letters")
RIGHT = on_system("letters.replay")


@ROOM.get("/parked", right=RIGHT, answer=Page[ParkedLetter])
async def list_parked(call: CallOf, listing: ListingOf, state: ParkedState = "parked") -> Response:
    """Letters that wait, or what became of them; the newest first."""

    async def fetch(asked: Asked) -> Page[ParkedLetter]:
        return await call.ask(PARKED, lambda desk: desk.parked(state=state, asked=asked))

    return await list_rows(listing, ParkedLetter, f"parked-{call.host.system}", fetch)


@ROOM.post("/parked/replays", right=RIGHT, answer=ParkedLetter, once=True)
async def replay(call: CallOf, given: Replay) -> Response:
    """Take a letter in like one that just came; 409 with the reason where it still cannot be, and nothing is changed."""
    try:
        return await call.do_once(PARKED, lambda desk: desk.replay(letter=given.letter), status=200)
    except Conflict:
        await call.note(outcome="refused", details={"letter": given.letter})
        raise


@ROOM.post("/parked/discards", right=RIGHT, answer=ParkedLetter, once=True)
async def discard(call: CallOf, given: Discard) -> Response:
    """Give a letter up; its record and both reasons stay."""
    by = call.person.login
    return await call.do_once(PARKED, lambda desk: desk.discard(letter=given.letter, reason=given.reason, by=by), status=200)
