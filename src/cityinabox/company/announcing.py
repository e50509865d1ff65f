"""Announcements: written at a desk by the own people, told to the city through the door under the system's own name."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import httpx
from starlette.requests import Request

from cityinabox.clock import CityClock
from cityinabox.company.book import Row
from cityinabox.company.office import Refused

Route = tuple[str, str]
"""Method and path."""
WORDS = ("title_zh", "title_en", "text_zh", "text_en")
MANAGED = ("community", "building")
"""Media that a property manager speaks of; each is a kind of place."""


@dataclass(frozen=True)
class Office:
    """Whoever writes announcements of one medium.

    Attributes:
        door: Client of ``…/<system>/api`` that shows the system's key.
        places: Where the office may speak of; empty where it is all the city.
        drafts: What is not told yet, as long as this process lives.
    """

    door: httpx.Client
    system: str
    party: str
    medium: str
    clock: CityClock
    places: Sequence[str] = ()
    drafts: dict[str, Row] = field(default_factory=dict)

    def routes(self) -> Mapping[Route, Callable[[Request, Row], object]]:
        """What its people can do."""
        return {
            ("GET", "/notice-areas"): self.areas,
            ("POST", "/notices"): self.compose,
            ("POST", "/notices/{number}/publication"): self.publish,
        }

    def areas(self, _: Request, __: Row) -> object:
        """Where it may speak of: the city, or its places."""
        features = [{"properties": {"id": place, "kind": self.medium}} for place in self.places]
        kinds = {"areas": ["places"], "choosable": [self.medium]} if features else {"areas": ["city"], "choosable": []}
        return {**kinds, "features": {"features": features}}

    def compose(self, _: Request, given: Row) -> object:
        """Keep an announcement."""
        number = f"N-{secrets.token_hex(6)}"
        self.drafts[number] = given
        return {"id": number, "revision": 1}

    def publish(self, request: Request, _: Row) -> object:
        """Tell an announcement to the city, once.

        Raises:
            Refused: The door does not take it.
        """
        number = request.path_params["number"]
        kept = self.drafts.get(number)
        if kept is None:
            return None
        self._tell(number, kept)
        named = {part: {"zh": kept[f"{part}_zh"], "en": kept[f"{part}_en"]} for part in ("title", "text")}
        return {"id": number, "edition": 1, "title": named["title"], "words": named}

    def _tell(self, number: str, kept: Row) -> None:
        spoken = {
            "office": self.system,
            "publisher": self.party,
            "service": self.medium,
            "state": "published",
            "kind": kept["kind"],
        }
        words, area = {name: kept[name] for name in WORDS}, {"places": [], "outline": [], **kept["area"]}
        when = {"starts_at": kept["starts_at"], "ends_at": kept.get("ends_at"), "published_at": self.clock.now().isoformat()}
        message = {"notice": number, "edition": 1, **spoken, **words, **when, "area": area}
        headers = {"Idempotency-Key": f"notice/{number}/1"}
        answer = self.door.post(f"letters/{self.medium}_announcements", json=message, headers=headers)
        if answer.status_code >= 400:
            raise Refused(f"announcement {number}: {answer.status_code} {answer.text[:500]}")


def places_of(city: Row, medium: str) -> list[str]:
    """The places that the office of a medium may speak of; none where it is all the city."""
    return sorted(place["id"] for place in city["places"] if place["kind"] == medium) if medium in MANAGED else []
