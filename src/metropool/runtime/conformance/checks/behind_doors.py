"""Who keeps what authorities ask for, and those who keep it by their own software: what it hears, shows and notes at its door."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from metropool.exchange.views import BEHIND_DOORS, MEDIA
from metropool.runtime.conformance.checks.at_doors import has_door, reader, software_at
from metropool.runtime.conformance.checks.months import Row
from metropool.runtime.conformance.town.moments import drawn_number, drawn_word
from metropool.runtime.conformance.town.starting import run_outside
from metropool.runtime.conformance.town.town import DOOR, Town
from metropool.runtime.conformance.ways import Way

KEEPS, STEWARD, ANSWERS = "disclosure", "data_steward", "ViewAnswered"
BOOKS = ("readings", "payments", *MEDIA, *BEHIND_DOORS)
MOST, MOST_HOURS, ENOUGH = 9_000, 48, 100
"""What is shown is one of so many hundredths, until one of so many hours before the end that was asked for; so many stand behind it."""


@dataclass(frozen=True)
class Shown:
    """What the software answers: its rows, the end of their use, and who approved it."""

    rows: list[Row]
    until: datetime
    approved_by: str


def books_of(town: Town, owner: str) -> str:
    """Which of the books that authorities ask for a system keeps; empty where it keeps none."""
    rows = (*(town.rows(owner, KEEPS) or ()), *(town.compiled.systems[owner].hosts.get(DOOR) or ()))
    return next((books for books in BOOKS if books in rows), "")


def is_behind(town: Town, owner: str) -> bool:
    """Whether a system keeps it by software of its own that bills nobody."""
    return books_of(town, owner) in BEHIND_DOORS


def keeper_of(town: Town, way: Way) -> str:
    """Whom a request is for that goes this way: its receiver, or the first that keeps what its phrase is about."""
    holder = town.compiled.whole.messages[way.message].where.get("holder")
    if holder is None or books_of(town, way.receiver) == holder:
        return way.receiver
    keepers = [str(name) for name in town.compiled.nodes() if books_of(town, name) == holder]
    return min(keepers, key=town.stands_still, default=way.receiver)


def answerer_of(town: Town, way: Way) -> str:
    """Whose an answer is that goes this way: its sender's where the phrase begins there, else of the first with which it does."""
    begins = town.compiled.whole.messages[way.message].begins
    own = [str(name) for name in town.compiled.nodes() if town.compiled.systems[name].listed_as in begins]
    return way.sender if way.sender in own else min(own, key=town.stands_still, default=way.sender)


def of_premises(town: Town, owner: str) -> Row:
    """What a request for a community's cameras says otherwise than one for books."""
    communities = sorted(row["id"] for row in town.city.rows["places"] if row["kind"] == "community")
    place = town.compiled.systems[owner].place or communities[0]
    about = {"service": "community", "area": {"kind": "places", "places": [place]}}
    return {**about, "purpose": "investigation", "legal_basis": drawn_word()}


def drawn(request: Row) -> Shown:
    """Something to show of each end of the days asked for, with numbers and a reference nobody has shown before."""
    is_view = request["service"] == "community"
    plain: Row = {"category": None, "is_suppressed": False}
    shown = (
        {"scale": 0, "unit": "", "subjects": None}
        if is_view
        else {"scale": -2, "unit": "kWh", "subjects": ENOUGH + drawn_number(MOST)}
    )
    rows = [
        {**plain, **shown, "period": day, "value": 1 + drawn_number(MOST), "subject": drawn_word() if is_view else None}
        | {"measure": request["what"] if is_view else "charged"}
        for day in sorted({request["first_day"], request["last_day"]})
    ]
    until = datetime.fromisoformat(request["expires_at"]) - timedelta(hours=1 + drawn_number(MOST_HOURS))
    return Shown(rows, until, ", ".join((drawn_word(), drawn_word())))


async def heard(town: Town, owner: str, *, request: str, needs: Sequence[str]) -> tuple[Row, float]:
    """A request as it is read at its keeper's door."""
    letters = (await reader(town, owner)).letters
    phrases = sorted(
        {letter.message for letter in town.compiled.letters if letter.receiver == owner and _asks(town, letter.message)}
    )

    async def look() -> Row | None:
        found = [letter["message"] for phrase in phrases for letter in letters[phrase]]
        return next((message for message in found if message["request"] == request), None)

    return await town.seen(look, needs=needs, what="request")


async def approve(town: Town, owner: str, *, asker: str, request: str, reason: str, shown: Shown) -> None:
    """Have its software answer: by its people at their desk where it is a process of its own, else in its place at the door."""
    until = shown.until.isoformat()
    if owner in run_outside(town):
        word: Row = {"decision": "approve", "reason": reason, "rows": shown.rows, "until": until}
        word["approved_by"] = shown.approved_by
        await (await town.desk(owner)).post(f"/disclosures/{asker}/{request}/decision", word)
        return
    async with software_at(town, owner) as software:
        asked = next(one for one in await software.views() if (one["asker"], one["id"]) == (asker, request))
        same = {
            "request": request,
            "asker": asker,
            "holder": books_of(town, owner),
            "service": asked["service"],
            "what": asked["what"],
        }
        told: dict[str, Any] = {
            "state": "approved",
            "page": 1,
            "pages": 1,
            "reason": reason,
            "expires_at": until,
            "rows": shown.rows,
        }
        now = town.clock.now().isoformat()
        answer, by = {**same, **told, "decided_at": now}, shown.approved_by
        await software.say(_phrase_of(town, owner), answer, key=f"answer/{request}", approved_by=by)


async def is_in_history(town: Town, owner: str, request: str, *, approved_by: str = "") -> bool:
    """Whether the owner's own access history shows what was given of a request; at a door, approved by these people."""
    if has_door(town, owner):
        async with software_at(town, owner) as software:
            shown = next((one for one in await software.views() if one["id"] == request), None)
            return shown is not None and bool(shown["given"]) and shown["approved_by"] == approved_by
    steward = await town.someone(owner, role=STEWARD)
    return any(row["agreement"] == request for row in (await steward.get("/provisions", size=200))["rows"])


def as_shown(rows: Sequence[Row]) -> list[str]:
    """What was shown, in the words of ``as_read``."""
    values = [(Decimal(row["value"]).scaleb(row["scale"]), row) for row in rows]
    return sorted(f"{row['period']} {row['measure']} {row['subject']} {value} {row['unit']}" for value, row in values)


def as_read(rows: Sequence[Row]) -> list[str]:
    """What an official reads."""
    return sorted(f"{row['period']} {row['measure']} {row['subject']} {row['value']} {row['unit']}" for row in rows)


def _asks(town: Town, message: str) -> bool:
    return town.compiled.whole.messages[message].carried_by == "ViewRequested"


def _phrase_of(town: Town, owner: str) -> str:
    """The phrase under which a system answers."""
    messages = town.compiled.whole.messages
    said = sorted(letter.message for letter in town.compiled.letters if letter.sender == owner)
    return next(name for name in said if messages[name].carried_by == ANSWERS)
