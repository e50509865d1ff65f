"""From registers to bills: the history that a company's people import is measured, told, billed, combined."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from metropool.core.periods import day_period
from metropool.plan.schema import Letter
from metropool.runtime.conformance.checks.seeing import Seen, letter_of, seen_letter
from metropool.runtime.conformance.failed import Failed
from metropool.runtime.conformance.town.city import Customer
from metropool.runtime.conformance.town.making import MONTHS
from metropool.runtime.conformance.town.moments import unix_s
from metropool.runtime.conformance.town.town import Town
from metropool.runtime.conformance.ways import Way
from metropool.runtime.demo.setup import LAST_MONTH, Setup, first_month
from metropool.runtime.demo.tools import run_own

Row = dict[str, Any]
ENDS = LAST_MONTH.replace(month=LAST_MONTH.month + 1)


@dataclass(frozen=True)
class CompanyBill:
    """A bill as its company's own people see it, and when they first did [Unix s of the machine]."""

    bill: Row
    customer: Customer
    seen_s: float


async def imported(town: Town) -> float:
    """Import what the old systems hand over, as the metering company's people do; when they began."""
    began = unix_s()
    files = sorted(str(file) for file in (town.city.folder / "history").glob("*.parquet"))
    await run_own("import", *files, "--json", environment=town.processes.environment)
    return began


async def billing_begun(town: Town) -> float:
    """Let each company bill, once its usage is there; when its import began. Whoever stands still is not waited for."""
    began = await town.once("imported", lambda: imported(town))
    still = [name for name in town.ports if town.stands_still(name)]
    await Setup(home=town.home, environment=town.processes.environment, months=MONTHS, without=still).let_bill()
    return began


async def company_bill(town: Town, system: str) -> CompanyBill:
    """The bill of the first home at a company, held to what the home's meter showed.

    Raises:
        Failed: It did not come, or it is of other registers.
    """
    service = service_of(town, system)
    client = await town.company(system)
    _, account = await town.resident()
    customer = town.city.customer(account=account, service=service)
    needs = [system, *path_of_usage(town, system)]

    async def look() -> Row | None:
        rows = (await client.get("/bills", q=customer.account_number))["rows"]
        found = [row for row in rows if row["account_number"] == customer.account_number]
        bill: Row | None = await client.get(f"/bills/{found[0]['bill_number']}") if found else None
        return bill

    bill, at_s = await town.seen(look, needs=needs, what="company_bill")
    for name, day in (("register_start", first_month(MONTHS)), ("register_end", ENDS)):
        must_be(name, town.city.register(customer, day), bill[name])
    return CompanyBill(bill, customer, at_s)


async def bill_of(town: Town, system: str) -> CompanyBill:
    """The same, looked for once for all who ask."""
    began = town.once("billing", lambda: billing_begun(town))
    needs = [town.host("metering"), *(name for name in path_of_usage(town, system))]
    await done_while(town, began, needs)
    return await town.once(("bill", system), lambda: company_bill(town, system))


async def usage(town: Town, way: Way) -> Seen:
    """Measured usage at a company: the registers its bill is made of; at the pool: what it then told the companies."""
    if way.receiver in companies(town):
        found = await bill_of(town, way.receiver)
        return await seen_letter(town, way, acted_s=await town.once("imported", lambda: imported(town)), saw_s=found.seen_s)
    onward = [letter.receiver for letter in town.compiled.letters if letter[:2] == (way.receiver, way.message)]
    at_work = [company for company in onward if not town.stands_still(company)]
    if not at_work:
        raise Failed("nobody_looks", system=way.receiver)
    found = max([await bill_of(town, company) for company in at_work], key=lambda each: each.seen_s)
    return await seen_letter(town, way, acted_s=await town.once("imported", lambda: imported(town)), saw_s=found.seen_s)


async def bills(town: Town, way: Way) -> Seen:
    """A company's bill, as the resident's app finds it among what is owed."""
    found = await bill_of(town, way.sender)
    app, account = await town.resident()

    async def look() -> Row | None:
        owed = [due for each in (await app.get(f"/households/{account}/dues"))["companies"] for due in each["bills"]]
        return next((due for due in owed if due["bill_number"] == found.bill["bill_number"]), None)

    due, at_s = await town.seen(look, needs=(way.sender, way.receiver), what="due")
    must_be("amount_fen", found.bill["amount_fen"], due["amount_fen"])
    return await seen_letter(town, way, acted_s=found.seen_s, saw_s=at_s)


async def combined_bill(town: Town, way: Way) -> Seen:
    """The combined bill in the resident's app: each part is what its company says."""
    found = [await bill_of(town, name) for name in companies(town)]
    bill, at_s = await latest_bill(town)
    parts = {part["bill_number"]: part for part in bill["parts"]}
    for each in found:
        part = parts.get(each.bill["bill_number"])
        if part is None:
            raise Failed("other_value", what="parts", expected=each.bill["bill_number"], found=", ".join(parts))
        for name in ("amount_fen", "register_start", "register_end"):
            must_be(name, each.bill[name], part[name])
    must_be("total_fen", sum(each.bill["amount_fen"] for each in found), bill["total_fen"])
    return Seen(max(0.0, at_s - max(each.seen_s for each in found)), f"{way.sender}:bill:{bill['number']}")


async def latest_bill(town: Town, home: int = 0) -> tuple[Row, float]:
    """The newest combined bill of a home, as its app shows it."""

    async def search() -> tuple[Row, float]:
        for name in companies(town):
            await bill_of(town, name)
        app, account = await town.resident(home)

        async def look() -> Row | None:
            bill: Row = await app.get(f"/households/{account}/bills/latest")
            return bill

        return await town.seen(look, needs=[town.host("settlement"), *companies(town)], what="combined_bill")

    return await town.once(("combined bill", home), search)


async def household_usage(town: Town, way: Way) -> Seen:
    """A home's own usage in its app: of each service what its meter counted in the month."""
    host = town.host("insight")
    began = await done_while(town, town.once("billing", lambda: billing_begun(town)), (town.host("metering"), host))
    app, account = await town.resident()
    span = {"start": day_period(first_month(MONTHS)).start.isoformat(), "end": day_period(ENDS).start.isoformat()}
    seen_s = 0.0
    for customer in town.city.customers_of(account):
        counted = town.city.counted(customer, first_month(MONTHS), ENDS)

        async def look(service: str = customer.service) -> Decimal | None:
            total = (await app.get(f"/households/{account}/usage", service=service, step="day", **span))["total"]["value"]
            return Decimal(total) if total is not None else None

        total, seen_s = await town.seen(look, needs=(town.host("metering"), host), what="usage")
        must_be(customer.service, counted, total)
    if "metering" not in town.compiled.systems[way.sender].hosts:
        pair = await letter_of(town, _with(way, sender=town.host("metering"), receiver=way.sender))
        return Seen(seen_s - began, pair.place)
    return await seen_letter(town, way, acted_s=began, saw_s=seen_s)


def companies(town: Town) -> list[str]:
    """The systems that bill, by our software or their own."""
    return [str(name) for name in town.compiled.nodes() if _bills_of(town, name)]


def service_of(town: Town, system: str) -> str:
    """The service a company bills."""
    return _bills_of(town, system)[0]


def _bills_of(town: Town, system: str) -> list[str]:
    """Services whose bills a system tells."""
    told = [town.compiled.whole.messages[letter.message] for letter in town.compiled.letters if letter.sender == system]
    return [entry.where["service"] for entry in told if entry.carried_by == "BillsIssued"]


def path_of_usage(town: Town, system: str) -> Sequence[str]:
    """Who must be at work for usage to come to a company: who measures, and who passes it on."""
    metering = town.host("metering")
    direct = [letter for letter in town.compiled.letters if (letter.sender, letter.receiver) == (metering, system)]
    return [metering] if direct else [metering, town.host("sharing")]


def must_be(what: str, expected: object, found: object) -> None:
    """Hold what was seen to what was caused.

    Raises:
        Failed: It is something else.
    """
    if isinstance(expected, Decimal) and isinstance(found, str):
        found = Decimal(found)
    if expected != found:
        raise Failed("other_value", what=what, expected=expected, found=found)


async def done_while(town: Town, task: Any, needs: Sequence[str]) -> Any:
    """The result of something that is being done, as long as those it needs are at work.

    Raises:
        Failed: One of them stands still.
    """
    while not task.done():
        town.must_run(needs)
        await asyncio.wait({task}, timeout=0.5)
    return await task


def _with(way: Way, *, sender: str, receiver: str) -> Way:
    letter = Letter(sender, way.message, receiver)
    return Way(way.row, way.direction, letter.message, letter.sender, letter.receiver, way.src)
