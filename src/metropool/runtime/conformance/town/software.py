"""A system's outside software at its door: it shows its key, reads the letters as they come, says its own; nothing else."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx

from metropool.core.errors import Unavailable
from metropool.runtime.conformance.town.people import TIMEOUT_S, Client, Refusal, Row
from metropool.runtime.pause import pause

WAIT_S, AT_ONCE, AGAIN_S = 25, 100, 0.5


class Reader(Protocol):
    """Whoever reads at a door: the letters that came, by phrase, in order."""

    letters: defaultdict[str, list[Row]]

    async def read_on(self) -> None: ...


@dataclass
class Keeping:
    """Software that runs as a process of its own, looked at by its people at its desk."""

    desk: Client
    letters: defaultdict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    async def read_on(self) -> None:
        """Look for what it kept, until cancelled."""
        last = 0
        while True:
            try:
                found = (await self.desk.get("/letters", after=last))["letters"]
            except (Refusal, Unavailable):
                found = []
            for letter in found:
                self.letters[letter["phrase"]].append(letter)
                last = letter["number"]
            if not found:
                await pause(AGAIN_S)


@dataclass
class Software:
    """The software of one system.

    Attributes:
        letters: What it read so far, by phrase, in order.
    """

    system: str
    http: httpx.AsyncClient
    letters: defaultdict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def at(cls, url: str, *, system: str, key: str) -> "Software":
        """It comes to a system's door with a key."""
        headers = {"Authorization": f"Bearer {key}"}
        base = f"{url}/{system}/api/"
        return cls(system, httpx.AsyncClient(base_url=base, headers=headers, timeout=TIMEOUT_S, trust_env=False))

    async def read_on(self) -> None:
        """Read letters as they come and acknowledge them, until cancelled; a door that does not answer is asked again."""
        last = 0
        try:
            while True:
                try:
                    told = await self._ask("GET", "letters", params={"after": last, "limit": AT_ONCE, "wait": WAIT_S})
                    for letter in told["letters"]:
                        self.letters[letter["phrase"]].append(letter)
                    if told["last"] > last:
                        last = told["last"]
                        await self._ask("POST", "letters/acknowledgement", json={"through": last})
                except (Refusal, Unavailable):
                    await pause(AGAIN_S)
        finally:
            await self.http.aclose()

    async def say(self, phrase: str, message: Mapping[str, Any], *, key: str, approved_by: str = "") -> Row:
        """Say something under a phrase, once a key; of an answer to an authority, with the people who approved it.

        Raises:
            Refusal: The plan does not list it here, or it is no such message.
            Unavailable: The door does not answer.
        """
        people = {"approved_by": approved_by} if approved_by else {}
        return await self._ask("POST", f"letters/{phrase}", json=message, params=people, headers={"Idempotency-Key": key})

    async def views(self) -> list[Row]:
        """Requests to look into what it keeps, and what became of them (access history)."""
        found: list[Row] = (await self._ask("GET", "letters/views"))["views"]
        return found

    async def _ask(self, method: str, path: str, **sent: Any) -> Row:
        try:
            answer = await self.http.request(method, path, **sent)
        except httpx.HTTPError as cause:
            raise Unavailable(f"{self.system} does not answer: {cause or type(cause).__name__}") from cause
        if not answer.is_success:
            raise Refusal(method, path, answer)
        told: Row = answer.json()
        return told
