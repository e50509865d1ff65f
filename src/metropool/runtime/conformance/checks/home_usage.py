"""What the meters of a home counted, on its way to the home's gateway, to whoever the home agreed with, and to the app there."""

from datetime import date
from decimal import Decimal

from metropool.core.periods import DAY
from metropool.runtime.conformance.checks import at_doors
from metropool.runtime.conformance.checks.indoors import indoors, is_indoors
from metropool.runtime.conformance.checks.months import Row, billing_begun, done_while, must_be
from metropool.runtime.conformance.checks.seeing import Seen
from metropool.runtime.conformance.town.moments import unix_s
from metropool.runtime.conformance.town.town import GATEWAY, Town
from metropool.runtime.conformance.ways import Way

SERVICE = "water"
"""What is looked at: of water there is one register, read by the hour."""


async def at_gateway(town: Town, way: Way) -> Seen:
    """At the gateway, as the terminal indoors is shown it: a day that its teller knows it has, with what the meter counted on it."""
    home = await indoors(town)  # first: only for a gateway that is there anything is kept
    began = await _begun(town, way)
    teller = town.host("places") if is_indoors(town, way) else way.sender

    async def look() -> tuple[Row, Row] | None:
        told = [row for row in await _told_by(town, teller) if row["is_received"]]
        kept = {_day(block): block for block in (await home.shown("/usage"))["blocks"]}
        return next(((row, kept[_day(row)]) for row in told if _is_counted(row) and _day(row) in kept), None)

    (row, block), at_s = await town.seen(look, needs=[GATEWAY, teller], what="usage")
    _must_be_counted(town, row, Decimal(row["amount"]))
    must_be("register", _litres(Decimal(row["amount"])), block["register_end"] - block["register_start"])
    return Seen(at_s - began, f"{way.receiver}:usage:{SERVICE}/{row['business_date']}")


async def in_app(town: Town, way: Way) -> Seen:
    """In the app of whoever tells it to the gateway: what the meter counted on a day."""
    began = await _begun(town, way)

    async def look() -> Row | None:
        return next((row for row in await _told_by(town, way.sender) if _is_counted(row)), None)

    row, at_s = await town.seen(look, needs=(way.sender,), what="usage")
    _must_be_counted(town, row, Decimal(row["amount"]))
    return Seen(at_s - began, f"{way.sender}:usage:{SERVICE}/{row['business_date']}")


async def shared(town: Town, way: Way) -> Seen:
    """At another organisation's door, because the household agreed: all of it, nothing of others, and the household is shown that."""
    seen = await at_doors.household_usage(town, way)
    reader, account = await at_doors.reader(town, way.receiver), town.city.accounts[0]
    told = {row["usage_point"] for letter in reader.letters[way.message] for row in letter["message"]["rows"]}
    must_be("homes", {each.usage_point for each in town.city.customers if each.combined_account == account}, told)
    await _is_shown_as_given(town, way)
    return seen


async def _begun(town: Town, way: Way) -> float:
    """When the history was imported that it is about [Unix s of the machine], once all of it was told; indoors, when we look."""
    began: float = await done_while(town, town.once("billing", lambda: billing_begun(town)), (town.host("metering"),))
    return unix_s() if is_indoors(town, way) else began


async def _told_by(town: Town, system: str) -> list[Row]:
    """What a system tells the gateway, as the resident's app is shown it there."""
    app, account = await town.resident_at(system)
    path = "places" if "places" in town.compiled.systems[system].hosts else "points"
    rows: list[Row] = (await app.get(f"/households/{account}/{path}/usage"))["rows"]
    return rows


async def _is_shown_as_given(town: Town, way: Way) -> None:
    """Who looked, as the household is shown it at whoever passed its data on.

    Raises:
        Failed: It is not.
    """
    app, account = await town.resident_at(way.sender)

    async def look() -> Row | None:
        rows: list[Row] = (await app.get(f"/households/{account}/accesses"))["rows"]
        return next((row for row in rows if (row["receiver"], row["what"]) == (way.receiver, way.message)), None)

    row, _ = await town.seen(look, needs=(way.sender,), what="access")
    must_be("legal_basis", "consent", row["legal_basis"])


def _is_counted(row: Row) -> bool:
    return row["service"] == SERVICE and row["amount"] is not None and row["version"] > 0


def _must_be_counted(town: Town, row: Row, amount: Decimal) -> None:
    customer = town.city.customer(account=town.city.accounts[0], service=SERVICE)
    day = date.fromisoformat(row["business_date"])
    must_be("amount", town.city.counted(customer, day, day + DAY), amount)


def _day(row: Row) -> tuple[object, ...]:
    return row["service"], row["reading_type"], row["business_date"]


def _litres(amount: Decimal) -> int:
    return int(amount * 1000)
