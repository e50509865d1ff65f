"""``cityinabox company``: the outside software of one company, at the door of its system."""

import argparse
import json
import os
import secrets
import socket
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import httpx
import uvicorn

from cityinabox.clock import read_clock
from cityinabox.company.book import Book, Row
from cityinabox.company.desk import Desk
from cityinabox.company.office import Company, Refused, Tariff
from cityinabox.serving import say_ready, until_terminated

KEY = "CITYINABOX_KEY"
PAUSE_S = 2.0
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
    parser.add_argument("--reading-type", type=int, default=30, help="register that is billed: 30 water, 40 gas")
    parser.add_argument("--scale", type=int, default=-3, help="registers are told × 10^scale")
    parser.add_argument("--phrase", help="under which bills are told; SERVICE_bills when left out")
    parser.add_argument("--once", action="store_true", help="read what there is, bill and end")
    parser.add_argument("--desk", type=int, metavar="PORT", help="serve its own people here, on this machine; 0: any port")
    parser.add_argument("--clock", default="", help="START@SPEED/ANCHOR; the machine's time when left out")
    parser.set_defaults(run=run_company)


def run_company(arguments: argparse.Namespace) -> None:
    """Work at the door until told to end; the key comes in the environment as CITYINABOX_KEY."""
    key = os.environ.get(KEY, "")
    if not key:
        raise ValueError(f"{KEY} holds no key; whoever runs the system gives one")
    arguments.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    customers = customers_of(json.loads(arguments.city.read_text(encoding="utf-8")), arguments.party)
    headers = {"Authorization": f"Bearer {key}"}
    door = f"{arguments.site}/{arguments.system}/api/"
    with httpx.Client(base_url=door, headers=headers, timeout=60.0, trust_env=False) as client:

        def company(book: Book) -> Company:
            return Company(
                door=client,
                book=book,
                party=arguments.party,
                service=arguments.service,
                tariff=Tariff(arguments.price, arguments.unit, arguments.scale, arguments.reading_type),
                customers=customers,
                phrase=arguments.phrase or f"{arguments.service}_bills",
            )

        def work() -> None:
            book = Book(arguments.home / BOOKS)
            try:
                _work(company(book), once=arguments.once)
            finally:
                book.close()

        if arguments.desk is None:
            if not arguments.once:
                say_ready(system=arguments.system)
            work()
            return
        token = secrets.token_urlsafe(24)
        clock = read_clock(arguments.clock)
        desk = Desk(company, books=arguments.home / BOOKS, system=arguments.system, token=token, clock=clock)
        threading.Thread(target=work, daemon=True).start()
        until_terminated(lambda: _serve(desk, port=arguments.desk, token=token, system=arguments.system))


def customers_of(city: Row, party: str) -> dict[str, Row]:
    """The company's agreements by usage point."""
    return {row["usage_point"]: row for row in city["agreements"] if row["supplier"] == party and row["combined_account"]}


class _Server(uvicorn.Server):
    """Leaves signals to the command line."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def _serve(desk: Desk, *, port: int, token: str, system: str) -> None:
    """Answer the company's people; the token is told to whoever started this, and to nobody else."""
    listener = socket.create_server(("127.0.0.1", port))
    say_ready(system=system, port=listener.getsockname()[1], token=token)
    await _Server(uvicorn.Config(desk.app(), log_level="warning", lifespan="off", timeout_graceful_shutdown=1)).serve([listener])


def _work(company: Company, *, once: bool) -> None:
    while True:
        try:
            heard = company.work(wait_s=0 if once else 25)
        except (httpx.HTTPError, Refused) as error:
            if once:
                raise ValueError(str(error)) from error
            sys.stderr.write(f"company: {error}\n")
            time.sleep(PAUSE_S)
            continue
        if once and not heard:
            return
