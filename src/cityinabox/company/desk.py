"""The company's own desk, for its own people on its own machine: bills, announcements, requests for readings, authorities' requests."""

import hmac
import json
import secrets
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cityinabox.clock import LOCAL, CityClock
from cityinabox.company.book import Book, Row
from cityinabox.company.office import Company, Refused

Answer = Callable[[Company, Request, Row], object]


class Desk:
    """Answers the company's people.

    Args:
        company: The company with a book of its own for each request.
        system: What the company's announcements name as their office.
        token: What its people show.
    """

    def __init__(self, company: Callable[[Book], Company], *, books: Path, system: str, token: str, clock: CityClock) -> None:
        self._company, self._books, self._system = company, books, system
        self._token, self._clock = token, clock

    def app(self) -> Starlette:
        """The addresses."""
        routes = {
            ("GET", "/bills"): self.bills,
            ("GET", "/bills/{number}"): self.bill,
            ("POST", "/notices"): self.compose,
            ("POST", "/notices/{number}/publication"): self.publish,
            ("POST", "/data-requests"): self.ask_for_readings,
            ("GET", "/disclosures/{asker}/{number}"): self.request,
            ("POST", "/disclosures/{asker}/{number}/decision"): self.decide,
        }
        return Starlette(routes=[Route(path, self._shown(work), methods=[method]) for (method, path), work in routes.items()])

    def bills(self, company: Company, request: Request, _: Row) -> object:
        """Bills of an account."""
        return {"rows": company.book.bills(request.query_params.get("q", ""))}

    def bill(self, company: Company, request: Request, _: Row) -> object:
        """One bill with what was paid of it."""
        found = next((row for row in company.book.bills() if row["bill_number"] == request.path_params["number"]), None)
        return found and {**found, "paid_fen": sum(part["amount_fen"] for part in found["payments"])}

    def compose(self, company: Company, _: Request, given: Row) -> object:
        """Keep an announcement."""
        number = f"N-{secrets.token_hex(6)}"
        company.book.keep_draft(number, given)
        return {"id": number, "revision": 1}

    def publish(self, company: Company, request: Request, _: Row) -> object:
        """Tell an announcement to the city."""
        number, now = request.path_params["number"], self._now().isoformat()
        kept = company.book.draft(number)
        if kept is None:
            return None
        words = {name: kept[name] for name in ("kind", "title_zh", "title_en", "text_zh", "text_en", "starts_at")}
        area = {"places": [], "outline": [], **kept["area"]}
        spoken = {"office": self._system, "publisher": company.party, "service": company.service, "state": "published"}
        when = {"ends_at": kept.get("ends_at"), "published_at": now}
        company.announce({"notice": number, "edition": 1, **spoken, **words, **when, "area": area})
        named = {part: {"zh": kept[f"{part}_zh"], "en": kept[f"{part}_en"]} for part in ("title", "text")}
        return {"id": number, "edition": 1, "title": named["title"], "words": named}

    def ask_for_readings(self, company: Company, _: Request, given: Row) -> object:
        """Ask for readings again."""
        number, days = f"RQ-{secrets.token_hex(6)}", [date.fromisoformat(given[name]) for name in ("first_day", "last_day")]
        company.request(number, given["usage_points"], *days)
        return {"id": number, "service": company.service, **given, "usage_points": len(given["usage_points"])}

    def request(self, company: Company, request: Request, _: Row) -> object:
        """One request of an authority."""
        return next((row for row in company.book.requests() if row["request"] == request.path_params["number"]), None)

    def decide(self, company: Company, request: Request, given: Row) -> object:
        """Approve or refuse it."""
        asked = next(row for row in company.book.requests() if row["request"] == request.path_params["number"])
        state = "approved" if given["decision"] == "approve" else "refused"
        return company.answer(asked, state=state, reason=given["reason"], now=self._now())

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.time(), LOCAL)

    def _shown(self, work: Answer) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Only for who shows the token; each request with a book of its own."""

        async def answer(request: Request) -> Response:
            shown = request.headers.get("authorization", "").removeprefix("Bearer ")
            if not hmac.compare_digest(shown.encode(), self._token.encode()):
                return JSONResponse({"error": {"message_en": "the token is wrong"}}, 401)
            given = json.loads(await request.body() or b"{}")
            try:
                return JSONResponse(await run_in_threadpool(self._worked, work, request, given))
            except Refused as reason:
                return JSONResponse({"error": {"message_en": str(reason)}}, 409)

        return answer

    def _worked(self, work: Answer, request: Request, given: Row) -> object:
        with self._open() as book:
            return work(self._company(book), request, given)

    @contextmanager
    def _open(self) -> Iterator[Book]:
        book = Book(self._books)
        try:
            yield book
        finally:
            book.close()
