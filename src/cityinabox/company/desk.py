"""A desk for the own people of outside software, on their own machine: what they are shown and can do, with the token they were told."""

import json
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cityinabox.clock import CityClock
from cityinabox.company.book import Book, Row
from cityinabox.company.office import Company, Refused
from cityinabox.company.telling import ask_for_readings, ask_to_switch
from cityinabox.company.working import shows

Answer = Callable[[Request, Row], object]
Work = Callable[[Company, Request, Row], object]


def desk_of(routes: Mapping[tuple[str, str], Answer], *, token: str) -> Starlette:
    """The addresses of a desk, by method and path; each answers with JSON, and only to who shows the token."""
    return Starlette(routes=[Route(path, _shown(work, token), methods=[method]) for (method, path), work in routes.items()])


class CompanyDesk:
    """Bills, requests for readings and for switching, authorities' requests.

    Args:
        company: The company with a book of its own for each request.
    """

    def __init__(self, company: Callable[[Book], Company], *, books: Path, clock: CityClock) -> None:
        self._company, self._books, self._clock = company, books, clock

    def routes(self) -> Mapping[tuple[str, str], Answer]:
        """What the company's people can do."""
        return {
            ("GET", "/bills"): self._with_book(self.bills),
            ("GET", "/bills/{number}"): self._with_book(self.bill),
            ("POST", "/data-requests"): self._with_book(self.ask_for_readings),
            ("POST", "/switch-requests"): self._with_book(self.switch),
            ("GET", "/disclosures/{asker}/{number}"): self._with_book(self.request),
            ("POST", "/disclosures/{asker}/{number}/decision"): self._with_book(self.decide),
        }

    def bills(self, company: Company, request: Request, _: Row) -> object:
        """Bills of an account."""
        return {"rows": company.book.bills(request.query_params.get("q", ""))}

    def bill(self, company: Company, request: Request, _: Row) -> object:
        """One bill with what was paid of it."""
        found = next((row for row in company.book.bills() if row["bill_number"] == request.path_params["number"]), None)
        return found and {**found, "paid_fen": sum(part["amount_fen"] for part in found["payments"])}

    def ask_for_readings(self, company: Company, _: Request, given: Row) -> object:
        """Ask for readings again."""
        days = [date.fromisoformat(given[name]) for name in ("first_day", "last_day")]
        number = ask_for_readings(company, given["usage_points"], *days)
        return {"id": number, "service": company.service, **given, "usage_points": len(given["usage_points"])}

    def switch(self, company: Company, _: Request, given: Row) -> object:
        """Ask for supply to be cut or restored."""
        return {"id": ask_to_switch(company, given, now=self._clock.now())}

    def request(self, company: Company, request: Request, _: Row) -> object:
        """One request of an authority."""
        return next((row for row in company.book.requests() if row["request"] == request.path_params["number"]), None)

    def decide(self, company: Company, request: Request, given: Row) -> object:
        """Approve or refuse it."""
        asked = next(row for row in company.book.requests() if row["request"] == request.path_params["number"])
        state = "approved" if given["decision"] == "approve" else "refused"
        return company.answer(asked, state=state, reason=given["reason"], now=self._clock.now())

    def _with_book(self, work: Work) -> Answer:
        def answer(request: Request, given: Row) -> object:
            with _opened(self._books) as book:
                return work(self._company(book), request, given)

        return answer


def _shown(work: Answer, token: str) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    async def answer(request: Request) -> Response:
        if not shows(request, token):
            return JSONResponse({"error": {"message_en": "the token is wrong"}}, 401)
        given = json.loads(await request.body() or b"{}")
        try:
            return JSONResponse(await run_in_threadpool(work, request, given))
        except Refused as reason:
            return JSONResponse({"error": {"message_en": str(reason)}}, 409)

    return answer


@contextmanager
def _opened(path: Path) -> Iterator[Book]:
    book = Book(path)
    try:
        yield book
    finally:
        book.close()
