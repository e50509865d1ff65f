"""Between meters and metering: registers as they are told, reads on demand, control, and what the carrier between gets to see."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from metropool.runtime.conformance.checks.months import Row, must_be
from metropool.runtime.conformance.checks.seeing import Seen
from metropool.runtime.conformance.failed import Failed
from metropool.runtime.conformance.town.city import Customer
from metropool.runtime.conformance.town.moments import drawn_word, unix_s
from metropool.runtime.conformance.town.records import Archived, Told, switched_off, told_by_devices, written_in_archive
from metropool.runtime.conformance.town.town import Town
from metropool.runtime.conformance.ways import Way
from metropool.runtime.demo.state import FIRST_MIDNIGHT

CONCENTRATORS = "concentrators"
WRITTEN_UNTIL = int(FIRST_MIDNIGHT.timestamp())
"""What is later no file of the old systems has."""
ORDERS = 3
"""How often a read is ordered where servers of the brokers are killed: a refusal of that moment is no fault of the row."""
IN_TIME_S = 7200
"""How long an order stands [s of the city, whose minute is a second here]: as long as it is waited for."""
REGISTERS = ("electricity_forward_register", "electricity_forward_profile_register")
"""What a meter's page shows as its register: the same register as it was frozen, and as a curve of it was kept."""


async def in_field(town: Town) -> None:
    """Bring the meters on, once their history is there."""
    await town.once("field", town.start_field)


def needed(town: Town) -> Sequence[str]:
    """Who must be at work between a meter and metering."""
    return [name for name in (town.host("metering"), town.front_end, "carrier", CONCENTRATORS) if name]


def meter_of(town: Town, home: int) -> Customer:
    """The electricity meter of a home, behind a concentrator."""
    account = town.city.accounts[home % len(town.city.accounts)]
    return town.city.customer(account=account, service="electricity")


def answering(town: Town, number: int) -> Customer:
    """The electricity meter of a home that answers whenever it is asked: some of the city leave one question in five unanswered."""
    silent = {fault["device"] for fault in town.city.rows["faults"] if fault["kind"] == "missed_answers"}
    found = [meter_of(town, home) for home in range(len(town.city.accounts))]
    steady = [customer for customer in found if customer.meter not in silent] or found
    return steady[number % len(steady)]


async def register_told(town: Town, way: Way) -> Seen:
    """A register that a meter told since its history was written, on the meter's page: the same value of the same instant."""
    await in_field(town)
    client, device = await town.staff("operator"), meter_of(town, 0).meter

    async def look() -> tuple[Told, Row] | None:
        figure = (await client.get(f"/meters/{device}"))["register"]
        told = [each for each in told_by_devices(town.home) if each.device == device and each.item in REGISTERS]
        same = [each for each in told if figure["as_of"] and WRITTEN_UNTIL < each.at == _unix(figure["as_of"])]
        return (same[-1], figure) if same else None

    (told, figure), at_s = await town.seen(look, needs=needed(town), what="register")
    must_be("register", told.value, Decimal(figure["value"]))
    return Seen(max(0.0, at_s - told.wall_s), f"{way.sender}:{told.place}")


async def read_on_demand(town: Town, way: Way) -> Seen:
    """A read that an operator orders, answered by the meter with what it shows.

    Where servers of the brokers are killed it may be refused, with the reason, because nobody leads the log just then: it is
    ordered again, as by a person.
    """
    await in_field(town)
    device = answering(town, 0).meter
    for _ in range(ORDERS if town.brokers.servers else 1):
        before = unix_s()
        row = await _finished(town, await _ordered(town, "read_on_demand", device))
        if row["outcome"] == "done":
            break
    must_be("outcome", "done", row["outcome"])
    read = {each["reading_type"]: Decimal(each["figure"]["value"]) for each in row["result"] if each["figure"]["value"]}
    for told in told_by_devices(town.home):
        if (told.device, told.how) == (device, "poll") and told.wall_s >= before and read.get(told.item) == told.value:
            return Seen(told.wall_s - before, f"{way.receiver}:{told.place}")
    raise Failed("not_the_meters", what=", ".join(f"{name} {value}" for name, value in read.items()))


async def control(town: Town, way: Way) -> Seen:
    """A cut that one person orders and another approves, in the meter's own journal."""
    await in_field(town)
    device = answering(town, 1).meter
    must_be("off", False, switched_off(town.home, device))
    command = await _ordered(town, "disconnect", device)
    checker, began = await town.staff("checker"), unix_s()
    decision = {"decision": "approve", "reason": drawn_word(), "password": checker.password}
    await checker.post(f"/commands/{command}/approval", decision)

    async def look() -> bool | None:
        return switched_off(town.home, device) or None

    _, at_s = await town.seen(look, needs=needed(town), what="switched")
    return Seen(at_s - began, f"{way.receiver}:journal:{device}")


async def profile(town: Town, way: Way) -> Seen:
    """A profile that an operator orders: in the terminal's own archive, and done because just that was read back."""
    await in_field(town)
    known, began = town.city.device(answering(town, 2).meter), unix_s()
    command = await _ordered(town, "set_profile", known["id"])

    async def look() -> Archived | None:
        found = written_in_archive(town.home, known["address"])
        return found if found and found.wall_s >= began else None

    written, _ = await town.seen(look, needs=needed(town), what="archive")
    must_be("measuring_point", known["point"], written.point)
    row = await _finished(town, command)
    must_be("outcome", "done", row["outcome"])
    must_be("read_back", Decimal(known["point"]), row["result"][0]["figure"]["value"])
    return Seen(written.wall_s - began, f"{way.receiver}:{written.place}")


async def _finished(town: Town, command: str) -> Row:
    client = await town.staff("controller")

    async def look() -> Row | None:
        row: Row = await client.get(f"/commands/{command}")
        return row if row["state"] == "finished" else None

    row, _ = await town.seen(look, needs=needed(town), what="finished")
    return row


async def _ordered(town: Town, kind: str, meter: str) -> str:
    controller = await town.staff("controller")
    wanted = {"kind": kind, "meter": meter, "reason": drawn_word(), "expires_in_s": IN_TIME_S}
    return str((await controller.post("/commands", wanted))["id"])


def _unix(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
