"""The site itself: what it is, whether it is well."""

from fastapi import Response

from metropool.portal.call import CSRF_COOKIE, CallOf, answer
from metropool.portal.cookies import set_csrf
from metropool.portal.declare import ANYONE, Room, on_system
from metropool.portal.schemas.site import Health, PublicKeys, Site

ROOM = Room("site")


@ROOM.get("/site", right=ANYONE, answer=Site)
async def get_site(call: CallOf) -> Response:
    """What every page needs to know first."""
    told = answer(call.portal.facts.site(now=call.now))
    if not call.request.cookies.get(CSRF_COOKIE):
        set_csrf(told, call.request, call.portal.ids.fresh_id())
    return told


@ROOM.get("/keys", right=ANYONE, answer=PublicKeys)
async def get_keys(call: CallOf) -> Response:
    """What anyone needs to verify evidence."""
    return answer(await call.portal.facts.keys())


@ROOM.get("/health", right=on_system("site.admin"), answer=Health)
async def get_health(call: CallOf) -> Response:
    """How every system is."""
    return answer(await call.portal.facts.health())
