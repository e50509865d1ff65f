"""Requests of others to look into this system's books, and the records of what was given."""

from fastapi import Response

from metropool.portal.call import CallOf, answer
from metropool.portal.declare import Room, on_system
from metropool.portal.listing import ListingOf, list_rows
from metropool.portal.ports.asked import Asked
from metropool.portal.ports.desks import DISCLOSURES
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.views import (
    Disclosure,
    DisclosureDecision,
    DisclosureRevocation,
    DisclosureRow,
    DisclosureState,
    ProvisionRow,
)

ROOM = Room("requests of others and access history", of="disclosure")
READ, DECIDE = on_system("disclosures.read"), on_system("disclosures.decide")


@ROOM.get("/disclosures", right=READ, answer=Page[DisclosureRow])
async def list_disclosures(call: CallOf, listing: ListingOf, state: DisclosureState | None = None) -> Response:
    """The requests, the newest first."""

    async def fetch(asked: Asked) -> Page[DisclosureRow]:
        return await call.ask(DISCLOSURES, lambda desk: desk.disclosures(state=state, asked=asked))

    return await list_rows(listing, DisclosureRow, "requests", fetch)


@ROOM.get("/disclosures/{asker}/{request}", right=READ, answer=Disclosure)
async def get_disclosure(call: CallOf, asker: str, request: str) -> Response:
    """One request and what it would tell of."""
    return answer(await call.ask(DISCLOSURES, lambda desk: desk.disclosure(asker=asker, request=request)))


@ROOM.post("/disclosures/{asker}/{request}/decision", right=DECIDE, answer=Disclosure)
async def decide_on_disclosure(call: CallOf, asker: str, request: str, given: DisclosureDecision) -> Response:
    """Approve or refuse; the password is asked again. What is told is worked out beside the writer, then told in one unit."""
    by = call.person.login
    await call.prove(given.password)
    if given.decision == "refuse":
        refused = await call.do(DISCLOSURES, lambda desk: desk.refuse(asker=asker, request=request, reason=given.reason, by=by))
        return answer(refused)
    found = await call.ask(DISCLOSURES, lambda desk: desk.prepare(asker=asker, request=request))
    approved = await call.do(
        DISCLOSURES,
        lambda desk: desk.approve(asker=asker, request=request, prepared=found, reason=given.reason, until=given.until, by=by),
    )
    return answer(approved)


@ROOM.post("/disclosures/{asker}/{request}/revocation", right=DECIDE, answer=Disclosure)
async def revoke_disclosure(call: CallOf, asker: str, request: str, given: DisclosureRevocation) -> Response:
    """Take an approval back: what is on its way stops."""
    by = call.person.login
    return answer(await call.do(DISCLOSURES, lambda desk: desk.revoke(asker=asker, request=request, reason=given.reason, by=by)))


@ROOM.get("/provisions", right=READ, answer=Page[ProvisionRow])
async def list_provisions(call: CallOf, listing: ListingOf) -> Response:
    """Who was given what, of whom, for what, until when: the newest first."""

    async def fetch(asked: Asked) -> Page[ProvisionRow]:
        return await call.ask(DISCLOSURES, lambda desk: desk.provisions(asked=asked))

    return await list_rows(listing, ProvisionRow, "access-history", fetch)
