"""Authorities' requests at a keeper's desk: read as letters, decided on by the own people, answered through the door."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx
from starlette.requests import Request

from cityinabox.clock import CityClock
from cityinabox.company.book import Row
from cityinabox.company.office import Refused

Route = tuple[str, str]
"""Method and path."""
ASKED, ANSWERS = "ViewRequested", "ViewAnswered"
SAME = ("request", "asker", "holder", "service", "what")


@dataclass(frozen=True)
class Answering:
    """Whoever decides on requests to look into what the keeper keeps.

    Attributes:
        door: Client of ``…/<system>/api`` that shows the system's key.
        letters: The letters of a class that were kept.
    """

    door: httpx.Client
    clock: CityClock
    letters: Callable[[str], list[Row]]

    def routes(self) -> Mapping[Route, Callable[[Request, Row], object]]:
        """What its people can do."""
        return {
            ("GET", "/disclosures/{asker}/{number}"): self.request,
            ("POST", "/disclosures/{asker}/{number}/decision"): self.decide,
        }

    def request(self, request: Request, _: Row) -> object:
        """One request, in its newest edition; nothing where none came."""
        asker, number = request.path_params["asker"], request.path_params["number"]
        asked = [one["message"] for one in self.letters(ASKED)]
        mine = [one for one in asked if (one["asker"], one["request"]) == (asker, number)]
        return max(mine, key=lambda one: one["edition"], default=None)

    def decide(self, request: Request, given: Row) -> object:
        """Approve, with the rows that may be seen and the end of their use, or refuse.

        Raises:
            Refused: It never came, or the door does not take the answer.
        """
        asked = self.request(request, {})
        if not isinstance(asked, dict):
            raise Refused(f"no request {request.path_params['number']} came")
        state = "approved" if given["decision"] == "approve" else "refused"
        rows = given.get("rows", []) if state == "approved" else []
        shown = {"page": 1, "pages": 1, "expires_at": given.get("until") or asked["expires_at"]}
        pages = shown if state == "approved" else {"page": 0, "pages": 0, "expires_at": None}
        same = {name: asked[name] for name in SAME}
        told = {
            **same,
            **pages,
            "state": state,
            "reason": given["reason"],
            "decided_at": self.clock.now().isoformat(),
            "rows": rows,
        }
        approved_by = given.get("approved_by", "")
        return self._say(told, approved_by=approved_by, key=f"answer/{asked['asker']}/{asked['request']}/{state}")

    def _say(self, told: Row, *, approved_by: str, key: str) -> Row:
        """Tell it under the phrase that the door lists for answers."""
        says = self._told(self.door.get("letters/phrases"))["says"]
        phrase = next((one["phrase"] for one in says if one["kind"] == ANSWERS), ANSWERS)
        people = {"approved_by": approved_by} if approved_by else {}
        return self._told(self.door.post(f"letters/{phrase}", json=told, params=people, headers={"Idempotency-Key": key}))

    def _told(self, answer: httpx.Response) -> Row:
        if answer.status_code >= 400:
            raise Refused(f"{answer.request.method} {answer.url.path}: {answer.status_code} {answer.text[:500]}")
        told: Row = answer.json()
        return told
