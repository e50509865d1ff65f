"""What changed, as it changes, and the published API of the system."""

import json

from fastapi import FastAPI, Response

from metropool.access import Unauthenticated
from metropool.portal.call import SESSION_COOKIE, CallOf
from metropool.portal.changes import Broadcast, PageStream, stream
from metropool.portal.declare import ANYONE, SELF, Room

ROOM = Room("live")
PUBLISHED = Room("published")
KEY = (
    "A key of this system for its own software (mpk_…); `metropool door key new SYSTEM` draws one. People have sessions instead."
)


@ROOM.get("/changes", right=SELF, media="text/event-stream")
async def changes(call: CallOf) -> Response:
    """Server-sent events: what changed, never what it is now; residents hear of their own homes only."""
    who = call.person
    broadcast: Broadcast = call.request.app.state.broadcast
    is_staff = any(face != "resident" for face in who.faces)
    homes = None if is_staff else frozenset(who.households(now=call.now))
    mailbox = broadcast.join(session=who.session, accounts=homes)
    token = call.request.cookies.get(SESSION_COOKIE, "")

    async def still_in() -> bool:
        try:
            await call.portal.at_door(lambda door: door.sessions.principal(token))
        except Unauthenticated:
            return False
        return True

    said = stream(mailbox, still_in=still_in, now=call.host.clock.now, heartbeat_s=call.portal.settings.heartbeat_s)
    return PageStream(said, leave=lambda: broadcast.leave(mailbox))


@PUBLISHED.get("/openapi.json", right=ANYONE)
async def openapi(call: CallOf) -> Response:
    """The published API."""
    app: FastAPI = call.request.app
    document = app.openapi()
    document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "description": KEY}}
    return Response(json.dumps(document, ensure_ascii=False), media_type="application/json")
