"""Requests to look into books: what an official asks, what the owner's people see and decide, what comes back; and consents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from metropool.core.periods import DAY, business_date
from metropool.exchange.views import CHARGING, PREMISES
from metropool.runtime.conformance.checks import behind_doors
from metropool.runtime.conformance.checks.months import ENDS, Row, bill_of, billing_begun, companies, done_while, must_be
from metropool.runtime.conformance.checks.paying import cleared
from metropool.runtime.conformance.checks.seeing import Seen, seen_letter, seen_spoken
from metropool.runtime.conformance.failed import Failed
from metropool.runtime.conformance.town.making import MONTHS
from metropool.runtime.conformance.town.moments import drawn_number, drawn_word, unix_s
from metropool.runtime.conformance.town.people import Client
from metropool.runtime.conformance.town.town import Town
from metropool.runtime.conformance.ways import Way
from metropool.runtime.demo.setup import first_month

READINGS = "readings"
ASKS = "inquiries"
BY_DAY = (READINGS, CHARGING, PREMISES)
QUESTIONS = {READINGS: "silent_meters", "payments": "payments_by_month", CHARGING: "charging_by_day", PREMISES: "camera_view"}
"""What is asked of whoever keeps which books; of a company, its bills. Money is of the month it was posted in: the one that runs."""
MEASURES = {"silent_meters": "silent_meters", "payments_by_month": "paid"}
FIRST_DAYS = 14
"""The first day of what is kept by the day that is asked for is one of so many; money is of months."""
DECIDES = "data_steward"


@dataclass(frozen=True)
class Asked:
    """A request as the official was told of it, what it gives as its reason, and when it was asked [Unix s of the machine]."""

    request: Row
    asker: str
    reason: str
    at_s: float


@dataclass(frozen=True)
class Decided:
    """The owner's word on it, and what its software shows where it keeps by its own."""

    asked: Asked
    reason: str
    at_s: float
    shown: behind_doors.Shown | None = None


async def asked(town: Town, asker: str, owner: str) -> Asked:
    """Ask one owner of books, in words nobody used before."""

    async def ask() -> Asked:
        official, reason, began = await town.someone(asker), drawn_word(), unix_s()
        books = behind_doors.books_of(town, owner)
        given = {
            "what": QUESTIONS.get(books, "bills_by_month"),
            "service": "electricity" if books in QUESTIONS else books,
            "area": {"kind": "city"},
            "first_day": (first_month(MONTHS) + DAY * (drawn_number(FIRST_DAYS) if books in BY_DAY else 0)).isoformat(),
            "last_day": (ENDS - DAY if books in BY_DAY else business_date(town.clock.now())).isoformat(),
            "reason": reason,
            "purpose": "supervision",
            **(behind_doors.of_premises(town, owner) if books == PREMISES else {}),
            "expires_at": (town.clock.now() + timedelta(days=30)).isoformat(),
        }
        return Asked(await official.post("/inquiries", given), asker, reason, began)

    return await town.once(("asked", asker, owner), ask)


async def request(town: Town, way: Way) -> Seen:
    """A request at who keeps the books, in its own words."""
    owner = behind_doors.keeper_of(town, way)
    if not behind_doors.books_of(town, owner):
        raise Failed("nobody_looks", system=owner)
    found = await asked(town, _asker(town, way.sender), owner)
    row, at_s = await _heard(town, found, owner, needs=(way.sender, way.receiver, owner))
    must_be("reason", found.reason, row["reason"])
    must_be("what", found.request["what"], row["what"])
    return await seen_letter(town, way, acted_s=found.at_s, saw_s=at_s)


async def answer(town: Town, way: Way) -> Seen:
    """An answer at who asked: approved for the reason that the owner gave, of what was asked for and nothing else, and in the owner's
    own access history."""
    owner = behind_doors.answerer_of(town, way)
    if not behind_doors.books_of(town, owner):
        raise Failed("nobody_looks", system=owner)
    asker = _asker(town, way.receiver)
    decided = await _decided(town, asker, owner)
    official, number = await town.someone(asker), decided.asked.request["id"]

    async def look() -> Row | None:
        row: Row = await official.get(f"/inquiries/{number}")
        return row if row["state"] == "approved" else None

    by = decided.shown.approved_by if decided.shown else ""
    must_be("history", True, await behind_doors.is_in_history(town, owner, number, approved_by=by))
    row, at_s = await town.seen(look, needs=(way.sender, way.receiver, owner), what="answer")
    must_be("decision_reason", decided.reason, row["decision_reason"])
    rows = (await official.get(f"/inquiries/{number}/answer", size=100))["rows"]
    if decided.shown is None:
        must_be("rows", *_looked_up(decided.asked.request, rows))
    else:
        must_be("rows", behind_doors.as_shown(decided.shown.rows), behind_doors.as_read(rows))
        must_be("expires_at", decided.shown.until, datetime.fromisoformat(row["expires_at"]))
    return await seen_letter(town, way, acted_s=decided.at_s, saw_s=at_s)


def _looked_up(request: Row, rows: list[Row]) -> tuple[list[str], list[str]]:
    """What an answer must speak of, and what it does: of meters each day, one drawn anew the first; of money, in the months asked for.

    Of no home. In a town of a few homes the sums themselves are withheld, so that nobody is told of.
    """
    found = sorted({f"{row['period']} {row['measure']} {row['subject'] or ''}".strip() for row in rows})
    first, last = (date.fromisoformat(request[name]) for name in ("first_day", "last_day"))
    if request["what"] == QUESTIONS[READINGS]:
        days = [first + DAY * number for number in range((last - first).days + 1)]
        return [f"{day} {MEASURES[request['what']]}" for day in days], found
    months = {first.replace(day=1), last.replace(day=1)}
    wanted = {f"{month} {MEASURES.get(request['what'], 'billed')}" for month in months}
    perhaps = {f"{month} paid" for month in months} - wanted
    return sorted(wanted.intersection(found)) or sorted(wanted), [each for each in found if each not in perhaps]


async def consent(town: Town, way: Way) -> Seen:
    """What a resident agrees to in the app, kept where it was said; where all is agreed to, what is withdrawn."""
    app, account = await town.resident()
    offers = (await app.get(f"/households/{account}/consents"))["offers"]
    if not offers:
        raise Failed("nobody_looks", system=way.receiver)
    offer = next((each for each in offers if each["state"] != "given"), offers[-1])
    chosen, began = {name: offer[name] for name in ("receiver", "message", "purpose")}, unix_s()
    wanted = {**chosen, "state": "withdrawn" if offer["state"] == "given" else "given"}
    await app.post(f"/households/{account}/consents", wanted)

    async def look() -> Row | None:
        known = (await app.get(f"/households/{account}/consents"))["offers"]
        return next((each for each in known if {name: each[name] for name in wanted} == wanted), None)

    row, at_s = await town.seen(look, needs=(way.receiver,), what="consent")
    must_be("changed_by", app.login, row["history"][0]["changed_by"])
    return await seen_spoken(town, way.letter, keeper=way.receiver, key=account, acted_s=began, saw_s=at_s)


async def _decided(town: Town, asker: str, owner: str) -> Decided:
    """Approve, as the owner's people do, once there is something to look into."""

    async def decide() -> Decided:
        await _is_full(town, owner)
        found = await asked(town, asker, owner)
        await _heard(town, found, owner, needs=(asker, owner))
        if behind_doors.is_behind(town, owner):
            return await _decided_at_door(town, found, owner)
        steward, reason = await _steward(town, owner), drawn_word()
        began, word = unix_s(), {"decision": "approve", "reason": reason, "password": steward.password}
        await steward.post(f"/disclosures/{asker}/{found.request['id']}/decision", word)
        return Decided(found, reason, began)

    return await town.once(("decided", asker, owner), decide)


async def _decided_at_door(town: Town, found: Asked, owner: str) -> Decided:
    """Approve, as the owner's own software does, with something nobody has shown before."""
    reason, shown = drawn_word(), behind_doors.drawn(found.request)
    began = unix_s()
    await behind_doors.approve(town, owner, asker=found.asker, request=found.request["id"], reason=reason, shown=shown)
    return Decided(found, reason, began, shown)


async def _heard(town: Town, found: Asked, owner: str, *, needs: Sequence[str]) -> tuple[Row, float]:
    """The request as the owner's people see it, or its software at its door."""
    if behind_doors.is_behind(town, owner):
        return await behind_doors.heard(town, owner, request=found.request["id"], needs=needs)
    steward = await _steward(town, owner)

    async def look() -> Row | None:
        row: Row | None = await steward.get(f"/disclosures/{found.asker}/{found.request['id']}")
        return row

    return await town.seen(look, needs=needs, what="request")


async def _is_full(town: Town, owner: str) -> None:
    """Wait until the books of an owner have something in them."""
    hosts = town.compiled.systems[owner].hosts
    if behind_doors.is_behind(town, owner):
        return
    if "settlement" in hosts:
        await cleared(town)
    elif owner in companies(town):
        await bill_of(town, owner)
    else:
        await done_while(town, town.once("billing", lambda: billing_begun(town)), (owner,))


async def _steward(town: Town, owner: str) -> Client:
    return await town.someone(owner, role=DECIDES)


def _asker(town: Town, system: str) -> str:
    """Who asks by this way: the system itself, or where it is passed on to or from, the first that asks."""
    return system if ASKS in town.compiled.systems[system].hosts else town.host(ASKS)
