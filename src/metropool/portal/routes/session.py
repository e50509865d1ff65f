"""Signing in and out, and who may."""

from fastapi import Response

from metropool.access import Principal, Unauthenticated
from metropool.access.access import Access
from metropool.access.logins import User as Known
from metropool.access.passwords import check_new_password
from metropool.access.sessions import Opened
from metropool.portal.call import Call, CallOf, answer
from metropool.portal.cookies import drop_session, set_csrf, set_session
from metropool.portal.declare import ANYONE, PERHAPS, SELF, Room, on_system
from metropool.portal.listing import ListingOf, list_rows
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.site import NewPassword, Session, SignIn, User

ROOM = Room("session")


@ROOM.get("/session", right=PERHAPS, answer=Session | None)
async def get_session(call: CallOf) -> Response:
    """Who is signed in; null when nobody is."""
    if call.who is None:
        return Response("null", media_type="application/json")
    return answer(await _session(call, call.who))


@ROOM.post("/session", right=ANYONE, answer=Session)
async def sign_in(call: CallOf, given: SignIn) -> Response:
    """Sign in; a wrong login and a wrong password get the same answer after the same work."""
    source = call.source
    kept = await call.portal.at_door(lambda door: door.sessions.password_hash(login_name=given.login, source=source))
    is_right = await call.portal.is_right(kept, given.password)
    opened = await call.portal.change_door(
        lambda door: door.sessions.sign_in(login_name=given.login, source=source, is_right=is_right)
    )
    if opened is None:
        raise Unauthenticated("wrong login or password", key="access.wrong")
    return await _enter(call, opened)


@ROOM.route("DELETE", "/session", right=SELF, status=204)
async def sign_out(call: CallOf) -> Response:
    """Sign out; the session is revoked at once."""
    who = call.person
    await call.portal.change_door(lambda door: door.sessions.sign_out(who))
    response = Response(status_code=204)
    drop_session(response, call.request)
    set_csrf(response, call.request, call.portal.ids.fresh_id())
    return response


@ROOM.route("PUT", "/session/password", right=SELF, answer=Session)
async def change_password(call: CallOf, given: NewPassword) -> Response:
    """Change the password; every other session of the login ends."""
    who, source = call.person, call.source
    check_new_password(given.new, login=who.login)
    await call.prove(given.current)
    new_hash = call.portal.passwords.hash(given.new)
    opened = await call.portal.change_door(lambda door: door.sessions.change_password(who=who, source=source, new_hash=new_hash))
    return await _enter(call, opened)


@ROOM.get("/users", right=on_system("users.read"), answer=Page[User])
async def list_users(call: CallOf, listing: ListingOf) -> Response:
    """The logins."""

    async def fetch(asked: Asked) -> Page[User]:
        return await call.portal.at_door(lambda door: _users(door, asked))

    return await list_rows(listing, User, "users", fetch)


@ROOM.post("/users/{login}/unlock", right=on_system("users.manage"), answer=User)
async def unlock_user(call: CallOf, login: str) -> Response:
    """Let a locked login try again."""
    by = call.person.login
    return answer(_user(await call.portal.change_door(lambda door: door.logins.unlock(login_name=login, by=by))))


async def _enter(call: Call, opened: Opened) -> Response:
    who = await call.portal.at_door(lambda door: door.sessions.principal(opened.token))
    response = answer(await _session(call, who))
    set_session(response, call.request, opened)
    return response


async def _session(call: Call, who: Principal) -> Session:
    now = call.now
    households = who.households(now=now)
    return Session.model_validate(
        {
            "login": who.login,
            "name": who.name,
            "roles": list(who.faces),
            "rights": who.rights.actions(now=now),
            "households": households,
            "hosts": await call.portal.facts.hosts_of(households),
            "system": who.system,
            "must_change_password": who.must_change_password,
            "expires_at": who.expires_at,
            "language": who.language,
        }
    )


def _users(door: Access, asked: Asked) -> Page[User]:
    users = [_user(known) for known in door.logins.users()]
    for sort in reversed(asked.sort):
        users.sort(key=lambda user: _order(getattr(user, sort.column)), reverse=sort.descending)
    rows = users[asked.offset : asked.offset + asked.size]
    return Page[User](rows=rows, page=asked.page, size=asked.size, total=len(users))


def _order(value: object) -> tuple[bool, str]:
    """Nothing sorts after everything."""
    return value is None, str(value)


def _user(known: Known) -> User:
    fields = {"login": known.login, "name": known.name, "roles": list(known.faces), "system": known.system}
    times = {"locked_until": known.locked_until, "last_sign_in_at": known.last_sign_in_at}
    return User.model_validate(fields | times)
