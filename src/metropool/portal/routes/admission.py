"""Gateways and their credentials, for the people of whoever vouches for them."""

from fastapi import Response

from metropool.portal.call import CallOf, answer
from metropool.portal.declare import Room, on_system
from metropool.portal.listing import ListingOf, list_rows
from metropool.portal.ports.asked import Asked
from metropool.portal.ports.desks import ADMISSION
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.places import CredentialDrawn, GatewayGiven, GatewayRow

ROOM = Room("admission", of="admission")
MANAGE = on_system("gateways.manage")


@ROOM.get("/gateways", right=MANAGE, answer=Page[GatewayRow])
async def list_gateways(call: CallOf, listing: ListingOf) -> Response:
    """The gateways this system vouches for, and how they stand; nothing of what they say."""

    async def fetch(asked: Asked) -> Page[GatewayRow]:
        return await call.ask(ADMISSION, lambda desk: desk.gateways(asked=asked))

    return await list_rows(listing, GatewayRow, f"gateways-{call.host.system}", fetch)


@ROOM.post("/gateways", right=MANAGE, answer=GatewayRow, status=201)
async def enrol_gateway(call: CallOf, given: GatewayGiven) -> Response:
    """Enrol a gateway, without a credential; one that is there already stays as it is."""
    return answer(await call.do(ADMISSION, lambda desk: desk.enrol(given=given)), status=201)


@ROOM.post("/gateways/{per}/{name}/credential", right=MANAGE, answer=CredentialDrawn, status=201)
async def draw_credential(call: CallOf, per: str, name: str) -> Response:
    """Draw a new credential for a gateway: shown once; whoever came in by the one before is put out."""
    by = call.person.login
    return answer(await call.do(ADMISSION, lambda desk: desk.issue(per=per, name=name, by=by)), status=201)


@ROOM.post("/gateways/{per}/{name}/revocation", right=MANAGE, answer=GatewayRow)
async def revoke_credential(call: CallOf, per: str, name: str) -> Response:
    """Take a gateway's credential back; it is put out within a second."""
    return answer(await call.do(ADMISSION, lambda desk: desk.revoke(per=per, name=name)))
