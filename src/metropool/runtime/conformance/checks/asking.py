"""What a company's people ask of who measures, and what they tell it of their customers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from metropool.core.periods import DAY
from metropool.runtime.conformance.checks.at_doors import has_door, read_at_door, reader, row_where
from metropool.runtime.conformance.checks.field import meter_of
from metropool.runtime.conformance.checks.months import ENDS, Row, billing_begun, done_while, must_be
from metropool.runtime.conformance.checks.paying import paid
from metropool.runtime.conformance.checks.seeing import Seen, seen_letter
from metropool.runtime.conformance.town.making import MONTHS
from metropool.runtime.conformance.town.moments import drawn_number, drawn_word, unix_s
from metropool.runtime.conformance.town.town import Town
from metropool.runtime.conformance.ways import Way
from metropool.runtime.demo.setup import first_month

DAYS = 14
"""The first day of meter data that is asked for is one of so many, and so is the last."""


@dataclass(frozen=True)
class Asked:
    """A request as the company's people were told of it, and when they asked [Unix s of the machine]."""

    request: Row
    at_s: float


async def rows_asked(town: Town, service: str) -> Asked:
    """Ask for some customers' meter data of some days again, drawn anew each time, once it was told the first time."""

    async def ask() -> Asked:
        metering, company = town.host("metering"), town.host("billing", service)
        await done_while(town, town.once("billing", lambda: billing_begun(town)), (metering,))
        points = [each.usage_point for each in town.city.customers if each.service == service]
        first, last = first_month(MONTHS) + DAY * drawn_number(DAYS), ENDS - DAY * (1 + drawn_number(DAYS))
        client, began = await town.company(company), unix_s()
        span = {"first_day": first.isoformat(), "last_day": last.isoformat()}
        wanted = {"usage_points": points[: 1 + drawn_number(len(points))], "reason": drawn_word(), **span}
        return Asked(await client.post("/data-requests", wanted), began)

    return await town.once(("rows", service), ask)


async def data_request(town: Town, way: Way) -> Seen:
    """A request for meter data in the list of who measures; on its way, where it was passed on to there."""
    asked = await rows_asked(town, way.service)
    metering = town.host("metering")
    operator = await town.staff("operator")

    async def look() -> Row | None:
        rows = (await operator.get("/data-requests"))["rows"]
        return next((row for row in rows if row["id"] == asked.request["id"]), None)

    row, at_s = await town.seen(look, needs=(way.sender, way.receiver, metering), what="data_request")
    for name in ("service", "first_day", "last_day"):
        must_be(name, asked.request[name], row[name])
    must_be("usage_points", asked.request["usage_points"], row["usage_points"])
    return await seen_letter(town, way, acted_s=asked.at_s, saw_s=at_s)


async def switch_request(town: Town, way: Way) -> Seen:
    """A request to cut supply, among the commands that wait for a second person."""
    customer, word = meter_of(town, 0), drawn_word()
    client, controller = await town.company(way.sender), await town.staff("controller")
    wanted = {"service": customer.service, "account_number": customer.account_number, "restore": False, "reason": word}
    began = unix_s()
    await client.post("/switch-requests", wanted)

    async def look() -> Row | None:
        rows = (await controller.get("/commands", meter=customer.meter))["rows"]
        return next((row for row in rows if row["reason"] == word), None)

    row, at_s = await town.seen(look, needs=(way.sender, way.receiver), what="switch_request")
    must_be("kind", "disconnect", row["kind"])
    must_be("state", "awaiting_approval", row["state"])
    return await seen_letter(town, way, acted_s=began, saw_s=at_s)


async def customers(town: Town, way: Way) -> Seen:
    """A company's customer on the page of the meter, or at a door: the account at the usage point. All were enrolled before."""
    customer = meter_of(town, 0)
    if has_door(town, way.receiver):
        find = row_where(account_number=customer.account_number, usage_point=customer.usage_point)
        row, seen = await read_at_door(town, way, find, acted_s=town.served_s)
        must_be("category", "residential", row["category"])
        must_be("combined_account", customer.combined_account, row["combined_account"])
        return seen
    operator = await town.staff("operator")

    async def look() -> Row | None:
        found: Row | None = (await operator.get(f"/meters/{customer.meter}"))["customer"]
        return found

    row, at_s = await town.seen(look, needs=(way.sender, way.receiver), what="customer")
    must_be("account_number", customer.account_number, row["account_number"])
    must_be("category", "residential", row["category"])
    return await seen_letter(town, way, acted_s=town.served_s, saw_s=at_s)


async def payment_status(town: Town, way: Way) -> Seen:
    """Who has paid, on the page of the meter or at a door, once a payment came and not before.

    Not who has not paid, and at the door of one place nobody of another.
    """
    place = town.compiled.systems[way.receiver].place
    home = town.city.accounts_in(place)[0] if place else 0
    customer = meter_of(town, home)
    if has_door(town, way.receiver):
        began, accounts = await paid(town, home), (customer.account_number, customer.combined_account)
        _, seen = await read_at_door(town, way, _who_paid(accounts), acted_s=began)
        must_be("strangers", [], await _strangers(town, way, place) if place else [])
        must_be("unpaid", [], await _called_paid(town, way))
        return seen
    operator = await town.staff("operator")

    async def shown(of: str = customer.meter) -> Row:
        return (await operator.get(f"/meters/{of}"))["customer"] or {"payment": None}

    async def look() -> Row | None:
        found = await shown()
        return found if found["payment"] == "paid" else None

    before, _ = await town.seen(shown, needs=(way.receiver,), what="customer")
    must_be("before", False, before["payment"] == "paid")
    began = await paid(town, home)
    row, at_s = await town.seen(look, needs=(way.sender, way.receiver), what="payment_status")
    must_be("account_number", customer.account_number, row["account_number"])
    for other in _unpaid(town):
        must_be("unpaid", False, (await shown(meter_of(town, other).meter))["payment"] == "paid")
    return await seen_letter(town, way, acted_s=began, saw_s=at_s)


def _unpaid(town: Town) -> list[int]:
    """Homes that nobody here pays for."""
    places = {facts.place for facts in town.compiled.systems.values() if facts.place}
    paying = {0, *(town.city.accounts_in(place)[0] for place in places)}
    return [number for number in range(len(town.city.accounts)) if number not in paying]


async def _called_paid(town: Town, way: Way) -> list[str]:
    """Of those homes the ones that were called paid at a door."""
    unpaid = {town.city.accounts[number] for number in _unpaid(town)}
    names = {each.account_number for each in town.city.customers if each.combined_account in unpaid} | unpaid
    letters = (await reader(town, way.receiver)).letters[way.message]
    rows = [row for letter in letters for row in letter["message"]["rows"]]
    return sorted({row["account_number"] for row in rows if row["status"] == "paid"} & names)


async def _strangers(town: Town, way: Way, place: str) -> list[str]:
    """Accounts that were told of at a door and do not lie in its place."""
    of = town.city.customers
    own = [town.city.accounts[number] for number in town.city.accounts_in(place)]
    here = {name for each in of if each.combined_account in own for name in (each.account_number, each.combined_account)}
    letters = (await reader(town, way.receiver)).letters[way.message]
    return sorted({row["account_number"] for letter in letters for row in letter["message"]["rows"]} - here)


def _who_paid(accounts: Sequence[str]) -> Callable[[Row], Row | None]:
    """Finds that an account is paid up: by its number at its company, or by that of its combined bill."""

    def find(message: Row) -> Row | None:
        return next((row for row in message["rows"] if row["account_number"] in accounts and row["status"] == "paid"), None)

    return find
