"""Reading on demand and control: ordered by one person, approved by another, watched until the end."""

from fastapi import Response

from metropool.access.rights import need_second_person
from metropool.portal.call import CallOf, answer
from metropool.portal.declare import Room, on_system
from metropool.portal.listing import ListingOf, list_rows
from metropool.portal.ports.asked import Asked
from metropool.portal.ports.desks import COMMANDS
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.commands import (
    Approval,
    Cancellation,
    Command,
    CommandEffect,
    CommandKind,
    CommandState,
    CommandSummary,
    NewCommand,
)

ROOM = Room("commands", of="metering")
READ = on_system("commands.read")
ORDER = on_system("commands.create")


@ROOM.get("/commands/summary", right=READ, answer=CommandSummary)
async def get_summary(call: CallOf) -> Response:
    """How commands fare."""
    return answer(await call.ask(COMMANDS, lambda desk: desk.summary()))


@ROOM.get("/commands", right=READ, answer=Page[Command])
async def list_commands(
    call: CallOf,
    listing: ListingOf,
    state: CommandState | None = None,
    meter: str | None = None,
    kind: CommandKind | None = None,
) -> Response:
    """The commands, newest first."""

    async def fetch(asked: Asked) -> Page[Command]:
        return await call.ask(COMMANDS, lambda desk: desk.commands(state=state, meter=meter, kind=kind, asked=asked))

    return await list_rows(listing, Command, "commands", fetch)


@ROOM.get("/commands/effect", right=ORDER, answer=CommandEffect)
async def get_effect(call: CallOf, kind: CommandKind, meter: str) -> Response:
    """What a command would do, in words."""
    return answer(await call.ask(COMMANDS, lambda desk: desk.effect(kind=kind, meter=meter)))


@ROOM.get("/commands/{command}", right=READ, answer=Command)
async def get_command(call: CallOf, command: str) -> Response:
    """One command with its steps."""
    return answer(await call.ask(COMMANDS, lambda desk: desk.command(command=command)))


@ROOM.post("/commands", right=ORDER, answer=Command, status=201, once=True)
async def order(call: CallOf, wanted: NewCommand) -> Response:
    """Order a command."""
    by, key = call.person.login, call.request.headers.get("Idempotency-Key", "")
    return await call.do_once(COMMANDS, lambda desk: desk.order(wanted=wanted, by=by, key=key), status=201)


@ROOM.post("/commands/{command}/approval", right=on_system("commands.approve"), answer=Command)
async def approve(call: CallOf, command: str, given: Approval) -> Response:
    """The second person's word; the password is asked again."""
    by = call.person.login
    ordered = await call.ask(COMMANDS, lambda desk: desk.command(command=command))
    need_second_person(maker=ordered.ordered_by, checker=by)
    await call.prove(given.password)
    is_yes = given.decision == "approve"
    return answer(await call.do(COMMANDS, lambda desk: desk.decide(command=command, approve=is_yes, reason=given.reason, by=by)))


@ROOM.post("/commands/{command}/cancellation", right=ORDER, answer=Command)
async def cancel(call: CallOf, command: str, given: Cancellation) -> Response:
    """Take a command back before it is sent."""
    by = call.person.login
    return answer(await call.do(COMMANDS, lambda desk: desk.cancel(command=command, reason=given.reason, by=by)))
