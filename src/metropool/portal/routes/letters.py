"""Letters for a system's own software: read by cursor, acknowledged, said. Machines come with a key, people not at all."""

from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Query, Response

from metropool.portal.call import CallOf, answer
from metropool.portal.declare import Room, by_software
from metropool.portal.ports.desks import DOOR
from metropool.portal.schemas.letters import (
    Acknowledged,
    LetterForm,
    Letters,
    LetterTold,
    PartGiven,
    Phrases,
    Said,
    SayGiven,
    Through,
    Views,
)
from metropool.portal.waiting import changed_within

ROOM = Room("letters", of="door")
READ, SAY = by_software("letters.read"), by_software("letters.say")
ARROW = "application/vnd.apache.arrow.stream"
TOPIC = "letters"
LONGEST_WAIT_S = 30


def part_given(
    batch: Annotated[str, Query(max_length=128, description="Of what is said in parts: your own name of all of them")] = "",
    part: Annotated[int, Query(description="Which part this is, from 1")] = 0,
    parts: Annotated[int, Query(description="How many parts there are")] = 0,
    whole: Annotated[str, Query(max_length=64, description="SHA-256 over those of all parts' request bodies in order")] = "",
) -> PartGiven | None:
    """Which part of a batch a request says; none where it says nothing of one."""
    is_one = batch or part or parts or whole
    return PartGiven(batch=batch, part=part, parts=parts, whole=whole) if is_one else None


PartOf = Annotated[PartGiven | None, Depends(part_given)]


@ROOM.get("/letters", right=READ, answer=Letters)
async def list_letters(
    call: CallOf,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT_S, description="Seconds to wait for the first")] = 0,
    form: LetterForm = "rows",
) -> Response:
    """The letters that came after a number, in order; with ``wait``, once there is one or the time is over."""

    async def ask() -> Letters:
        return await call.ask(DOOR, lambda desk: desk.letters(after=after, limit=limit, form=form))

    call.host.callers.listens(wait > 0)
    async with changed_within(call, TOPIC, wait) as changed:
        found = await ask()
        if not found.letters and await changed():
            await call.still_admitted()
            found = await ask()
    if found.letters:
        await call.note(details={"after": after, "through": found.last, "count": len(found.letters)})
    return answer(found)


@ROOM.get("/letters/phrases", right=READ, answer=Phrases)
async def list_phrases(call: CallOf) -> Response:
    """What the running plan lets this system say and hear: each phrase with its rows, its JSON Schema and an example."""
    return answer(await call.ask(DOOR, lambda desk: desk.phrases()))


@ROOM.get("/letters/said", right=READ, answer=Said)
async def get_said(
    call: CallOf, phrase: Annotated[str, Query(max_length=128)], key: Annotated[str, Query(max_length=128)]
) -> Response:
    """What became of what was said under a key: the receipts of those it went to."""
    return answer(await call.ask(DOOR, lambda desk: desk.said(phrase=phrase, key=key)))


@ROOM.get("/letters/views", right=READ, answer=Views)
async def list_views(call: CallOf, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> Response:
    """Requests of authorities to look into what this system keeps, the newest first: who asked for what and why, what the software
    answered, what left and until when. A request comes as a letter too; it is answered with a phrase of the class ViewAnswered."""
    return answer(await call.ask(DOOR, lambda desk: desk.views(limit=limit)))


@ROOM.get("/letters/{number}", right=READ, answer=LetterTold)
async def get_letter(call: CallOf, number: int, form: LetterForm = "rows") -> Response:
    """One letter; with ``Accept: application/vnd.apache.arrow.stream`` its rows as an Arrow stream."""
    if ARROW in call.request.headers.get("Accept", ""):
        stream = await call.ask(DOOR, lambda desk: desk.rows(number=number))
        await call.note(details={"through": number, "count": 1})
        return Response(stream, media_type=ARROW)
    found = await call.ask(DOOR, lambda desk: desk.letter(number=number, form=form))
    await call.note(details={"through": number, "count": 1})
    return answer(found)


@ROOM.post("/letters/acknowledgement", right=READ, answer=Acknowledged)
async def acknowledge_letters(call: CallOf, given: Through) -> Response:
    """Say that every letter up to a number was kept; it can be read again for seven days, then it is forgotten."""
    return answer(await call.do(DOOR, lambda desk: desk.acknowledge(through=given.through)))


@ROOM.post("/letters/{phrase}", right=SAY, answer=Said, status=201, once=True, accepts=("application/json", ARROW))
async def say_letter(
    call: CallOf,
    phrase: str,
    part: PartOf,
    fields: Annotated[str, Query(max_length=4096)] = "",
    approved_by: Annotated[
        str, Query(max_length=256, description="Of an answer to an authority: the people who approved it, between commas")
    ] = "",
) -> Response:
    """Say a phrase that the running plan lists for this system, once a business key (``Idempotency-Key``).

    The body is the message in JSON (``letters/phrases`` has its schema and an example), or its rows as an Arrow stream with the
    other fields as a JSON object in ``fields``. A repeat of the key answers 200 with the receipts so far. What is too large for a
    request is said in parts, each under a key of its own with ``batch``, ``part`` and ``parts``; with ``whole`` the last to come is
    refused where all are together not what they should be.
    """
    body, key = await call.request.body(), call.request.headers.get("Idempotency-Key", "")
    is_arrow = call.request.headers.get("Content-Type", "").partition(";")[0].strip() == ARROW
    message = await call.ask(DOOR, lambda desk: desk.read(phrase=phrase, body=body, arrow=is_arrow, fields=fields))
    given = SayGiven(key=key, by=call.person.login, approved_by=approved_by, part=part, request=sha256(body).hexdigest())
    said = await call.do(DOOR, lambda desk: desk.say(phrase=phrase, message=message, given=given))
    return answer(said, status=200 if said.is_repeat else 201)
