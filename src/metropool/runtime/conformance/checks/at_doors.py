"""What came to a system's door, as its outside software reads it there."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from typing import TypeVar

from metropool.core.periods import DAY
from metropool.core.quantities import reading_type
from metropool.runtime.conformance.checks.months import ENDS, Row, billing_begun, done_while, must_be
from metropool.runtime.conformance.checks.seeing import Seen, seen_letter
from metropool.runtime.conformance.town.city import Customer
from metropool.runtime.conformance.town.making import MONTHS
from metropool.runtime.conformance.town.software import Keeping, Reader, Software
from metropool.runtime.conformance.town.starting import run_outside
from metropool.runtime.conformance.town.town import DOOR, Town
from metropool.runtime.conformance.ways import Way
from metropool.runtime.demo.companies import PROFILE_REGISTER, REGISTERS
from metropool.runtime.demo.doors import door_key
from metropool.runtime.demo.setup import first_month

PROFILED = {**REGISTERS, "electricity": PROFILE_REGISTER}
"""Service to the register that a load profile is made of, as ``FINE`` has it."""
Found = TypeVar("Found")


def has_door(town: Town, system: str) -> bool:
    """Whether a system's own software hears what comes to it."""
    return DOOR in town.compiled.systems[system].hosts


async def reader(town: Town, system: str) -> Reader:
    """Who reads at the door of a system, from when it was first asked for: its own software's people, or we in its place."""

    async def come() -> Reader:
        if system in run_outside(town):
            found: Reader = Keeping(await town.desk(system))
        else:
            url, key = f"http://127.0.0.1:{town.ports[system]}", door_key(town.home, system)
            found = Software.at(url, system=system, key=key)
        town.once(("reading", system), found.read_on)
        return found

    return await town.once((DOOR, system), come)


async def read_at_door(
    town: Town, way: Way, find: Callable[[Row], Found | None], *, acted_s: float, needs: Sequence[str] = ()
) -> tuple[Found, Seen]:
    """What is found in a letter that came this way, and the record of that letter at both of its ends.

    Args:
        find: Of a message, what was caused; None where it is about something else.
        acted_s: When it was caused [Unix s of the machine].
        needs: Who else must be at work for it to come.

    Raises:
        Failed: It did not come.
    """
    heard = await reader(town, way.receiver)

    async def look() -> tuple[Row, Found] | None:
        for letter in heard.letters[way.message]:
            if letter["sender"] == way.sender and (found := find(letter["message"])) is not None:
                return letter, found
        return None

    (letter, found), at_s = await town.seen(look, needs=(way.sender, way.receiver, *needs), what=way.message)
    return found, await seen_letter(town, way, acted_s=acted_s, saw_s=at_s, letter=letter["id"])


@asynccontextmanager
async def software_at(town: Town, system: str) -> AsyncGenerator[Software, None]:
    """A system's own software at its door with its key, in place of its people's."""
    url, key = f"http://127.0.0.1:{town.ports[system]}", door_key(town.home, system)
    found = Software.at(url, system=system, key=key)
    try:
        yield found
    finally:
        await found.http.aclose()


def row_where(**wanted: object) -> Callable[[Row], Row | None]:
    """Finds the row of a message with these values."""

    def find(message: Row) -> Row | None:
        return next((row for row in message["rows"] if all(row[name] == value for name, value in wanted.items())), None)

    return find


async def household_usage(town: Town, way: Way) -> Seen:
    """A home's own usage at a door: the registers of its first and last day are what its meters counted between."""
    began = await done_while(town, town.once("billing", lambda: billing_begun(town)), (way.sender,))
    account, seen = town.city.accounts[0], None
    for customer in town.city.customers_of(account):
        ends = [_register(customer, first_month(MONTHS), "register_start"), _register(customer, ENDS - DAY, "register_end")]
        (start, _), (end, seen) = [await read_at_door(town, way, find, acted_s=began) for find in ends]
        must_be(customer.service, town.city.counted(customer, first_month(MONTHS), ENDS), end - start)
    assert seen is not None
    return seen


def _register(customer: Customer, day: date, end: str) -> Callable[[Row], Decimal | None]:
    """Finds what the customer's meter showed at an end of a business day."""
    kind = reading_type(PROFILED[customer.service])
    find = row_where(usage_point=customer.usage_point, reading_type=kind.id, business_date=day.isoformat())

    def register(message: Row) -> Decimal | None:
        row = find(message)
        return kind.value(row[end]) if row and row[end] is not None else None

    return register
