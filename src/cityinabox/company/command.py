"""``cityinabox company``: the outside software of one company, at the door of its system."""

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path

import httpx

from cityinabox.clock import CityClock, read_clock
from cityinabox.company.announcing import Office
from cityinabox.company.book import Book, Row
from cityinabox.company.desk import CompanyDesk, desk_of
from cityinabox.company.office import Company, Tariff
from cityinabox.company.telling import CUSTOMERS, STATUS, phrases_of, tell_customers, tell_who_paid
from cityinabox.company.working import at_door, serve_desk, work_on
from cityinabox.serving import say_ready

BOOKS = "company.sqlite"


def add_company(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--site", required=True, metavar="URL", help="such as http://127.0.0.1:8765")
    parser.add_argument("--system", required=True, help="the system at whose door the company is, such as water's")
    parser.add_argument("--party", required=True, help="the company's id in the city, such as water")
    parser.add_argument("--service", required=True, choices=("electricity", "water", "gas", "heat"))
    parser.add_argument("--city", type=Path, required=True, help="city file; the company takes its own customers from it")
    parser.add_argument("--home", type=Path, required=True, metavar="DIR", help="folder of its books")
    parser.add_argument("--price", type=Decimal, required=True, help="yuan a unit")
    parser.add_argument("--unit", default="m3")
    parser.add_argument("--reading-type", type=int, default=30, help="register that is billed: 1 electricity, 30 water, 40 gas")
    parser.add_argument("--scale", type=int, default=-3, help="registers are told × 10^scale")
    parser.add_argument("--phrase", help="under which bills are told; SERVICE_bills when left out")
    parser.add_argument("--once", action="store_true", help="read what there is, bill and end")
    parser.add_argument("--desk", type=int, metavar="PORT", help="serve its own people here, on this machine; 0: any port")
    parser.add_argument("--clock", default="", help="START@SPEED/ANCHOR; the machine's time when left out")
    parser.set_defaults(run=run_company)


def run_company(arguments: argparse.Namespace) -> None:
    """Work at the door until told to end; the key comes in the environment as CITYINABOX_KEY."""
    arguments.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    clock = read_clock(arguments.clock)
    with at_door(arguments.site, arguments.system) as door:
        company = partial(_company, arguments, door)
        work = partial(_work, company, arguments.home / BOOKS, clock, once=arguments.once)
        if arguments.desk is not None:
            office = Office(door, arguments.system, arguments.party, arguments.service, clock)
            routes = {**CompanyDesk(company, books=arguments.home / BOOKS, clock=clock).routes(), **office.routes()}
            serve_desk(partial(desk_of, routes), port=arguments.desk, system=arguments.system, work=work)
            return
        if not arguments.once:
            say_ready(system=arguments.system)
        work()


def customers_of(city: Row, party: str) -> dict[str, Row]:
    """The company's agreements by usage point, each with the community and the building it lies in."""
    places = {row["id"]: row for row in city["places"]}
    at = {row["id"]: row["place"] for row in city["usage_points"]}
    own = [row for row in city["agreements"] if row["supplier"] == party and row["combined_account"]]
    return {row["usage_point"]: {**row, **_lying_in(places, at[row["usage_point"]])} for row in own}


def _lying_in(places: Mapping[str, Row], place: str | None) -> dict[str, str | None]:
    found: dict[str, str | None] = {"community": None, "building": None}
    while place is not None:
        row = places[place]
        found |= {row["kind"]: row["id"]} if row["kind"] in found else {}
        place = row["parent"]
    return found


def _company(arguments: argparse.Namespace, door: httpx.Client, book: Book) -> Company:
    return Company(
        door=door,
        book=book,
        party=arguments.party,
        service=arguments.service,
        tariff=Tariff(arguments.price, arguments.unit, arguments.scale, arguments.reading_type),
        customers=customers_of(json.loads(arguments.city.read_text(encoding="utf-8")), arguments.party),
        phrase=arguments.phrase or f"{arguments.service}_bills",
    )


def _work(company: Callable[[Book], Company], books: Path, clock: CityClock, *, once: bool) -> None:
    book = Book(books)
    try:
        work_on(_beginning(company(book), clock).work, once=once)
    finally:
        book.close()


def _beginning(company: Company, clock: CityClock) -> Company:
    """The company once it told its customers, where it may; it then tells who paid, where it may."""
    says = phrases_of(company)
    if CUSTOMERS in says:
        tell_customers(company)
    if STATUS not in says:
        return company
    return replace(company, paid=lambda letter: tell_who_paid(company, letter, now=clock.now()))
