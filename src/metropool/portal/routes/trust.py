"""Permissions and audit: why somebody can see something, and what was done."""

import json
from typing import Annotated

from fastapi import Query, Response

from metropool.access import Access
from metropool.access.actions import action_name, granted_actions
from metropool.access.audit import Audit
from metropool.access.audit_reading import AuditFilter, Noted, audit_rows
from metropool.core.errors import Fault, Invalid
from metropool.core.texts import Sentence
from metropool.portal.call import CallOf, answer
from metropool.portal.declare import Room, on_system
from metropool.portal.desks.books.why import why_person
from metropool.portal.listing import ListingOf, list_rows
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas.basics import InstantGiven, Named, Page, Text
from metropool.portal.schemas.trust import AuditChain, AuditRow, Why, WhyChoices
from metropool.storage.units import UnitContext

ROOM = Room("permissions")
AUDIT_ROOM = Room("audit")
WHY, AUDIT = on_system("users.read"), on_system("audit.read")
Part = Annotated[str, Query(max_length=128)]


@ROOM.get("/permissions/choices", right=WHY, answer=WhyChoices)
async def get_choices(call: CallOf) -> Response:
    """Who and what one may ask about."""
    people = await call.portal.at_door(lambda door: [user.login for user in door.logins.users()])
    actions = [Named(id=action, name=_called(action)) for action in granted_actions()]
    return answer(call.portal.facts.why_choices().model_copy(update={"people": people, "actions": actions}))


@ROOM.get("/permissions/people/{login}", right=WHY, answer=Why)
async def get_why_person(call: CallOf, login: str, action: Part, scope: Part) -> Response:
    """Whether a person may do an action on ``system:…`` or ``account:…``, and why."""
    return answer(await call.portal.at_door(lambda door: why_person(door, login=login, action=action, scope=scope)))


@ROOM.get("/permissions/systems/{system}", right=WHY, answer=Why)
async def get_why_system(call: CallOf, system: str, message: Part) -> Response:
    """Whether a system of the running plan can hear a message, by which row, and why not."""
    return answer(call.portal.facts.why_system(system=system, message=message))


@AUDIT_ROOM.get("/audit", right=AUDIT, answer=Page[AuditRow])
async def list_audit(
    call: CallOf,
    listing: ListingOf,
    actor: Part = "",
    action: Part = "",
    object: Part = "",
    outcome: Part = "",
    since: InstantGiven | None = None,
    until: InstantGiven | None = None,
) -> Response:
    """What was done at this system, the newest first."""
    if listing.sort not in ("", "-number", "-at"):
        raise Invalid("the audit is in its own order", faults=[Fault("sort", "fault.unknown_column")])
    wanted = AuditFilter(actor=actor, action=action, on=object, outcome=outcome, since=since, until=until)

    async def fetch(asked: Asked) -> Page[AuditRow]:
        page: Page[AuditRow] = await call.host.read(min(call.host.hosts), lambda work: _page(work.context, wanted, asked))
        return page

    return await list_rows(listing, AuditRow, f"audit-{call.host.system}", fetch)


@AUDIT_ROOM.get("/audit/chain", right=AUDIT, answer=AuditChain)
async def verify_audit(call: CallOf) -> Response:
    """Look at the whole chain now: how far it is what was noted."""
    rows, (right, fault) = await call.host.read(min(call.host.hosts), lambda work: _examined(Access(work.context).audit))
    told = Text.model_validate(fault.both()) if fault else None
    return answer(AuditChain(as_of=call.now, rows=rows, right=right, fault=told))


def _examined(audit: Audit) -> tuple[int, tuple[int, Sentence | None]]:
    return audit.head()[0], audit.examine()


def _page(context: UnitContext, wanted: AuditFilter, asked: Asked) -> Page[AuditRow]:
    found, total = audit_rows(context.connection, wanted, limit=asked.size, offset=asked.offset)
    rows = [_shown(row) for row in found]
    return Page[AuditRow](rows=rows, page=asked.page, size=asked.size, total=total, as_of=context.now)


def _shown(row: Noted) -> AuditRow:
    told = vars(row) | {"details": json.dumps(dict(row.details), ensure_ascii=False), "called": _called(row.action)}
    return AuditRow(**told)


def _called(action: str) -> Text:
    return Text.model_validate(action_name(action))
