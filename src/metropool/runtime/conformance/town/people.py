"""Logins of the town at the doors of its systems: what a person or a company's own program can do there, and no more."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from metropool.core.errors import Unavailable
from metropool.core.identifiers import RandomIds

Row = dict[str, Any]
SESSION, CSRF, CSRF_HEADER = "metropool_session", "metropool_csrf", "X-Metropool-CSRF"
TIMEOUT_S = 60.0
EACH_ANEW = httpx.Limits(max_keepalive_connections=0)
"""A connection a request: one that lay idle may be closed by the door just as something is posted over it."""


class Refusal(Exception):
    """A door did not do what was asked: its status and its own words."""

    def __init__(self, method: str, path: str, answer: httpx.Response) -> None:
        super().__init__(f"{method} {path}: {answer.status_code} {_words(answer)}")
        self.status = answer.status_code


@dataclass
class Client:
    """One login at one system's door.

    Attributes:
        system: Whose API ``get`` and ``post`` speak of.
        login, password: Whose session it is.
        root: Where that API is; below the system's own path where None.
    """

    system: str
    login: str
    password: str
    http: httpx.AsyncClient
    ids: RandomIds
    root: str | None = None

    async def get(self, path: str, **asked: Any) -> Any:
        """What the system answers.

        Raises:
            Refusal: Not with success.
        """
        return await self._ask("GET", path, params=asked)

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Have the system do something, once.

        Raises:
            Refusal: It does not.
        """
        return await self._ask("POST", path, json=body)

    async def _ask(self, method: str, path: str, **sent: Any) -> Any:
        headers = (
            {} if method == "GET" else {CSRF_HEADER: self.http.cookies.get(CSRF) or "", "Idempotency-Key": self.ids.fresh_id()}
        )
        try:
            root = f"/{self.system}/api" if self.root is None else self.root
            answer = await self.http.request(method, f"{root}{path}", headers=headers, **sent)
        except httpx.HTTPError as cause:
            raise Unavailable(f"{self.system} does not answer: {cause or type(cause).__name__}") from cause
        if not answer.is_success:
            raise Refusal(method, path, answer)
        return answer.json() if answer.content else None


def desk_client(url: str, *, system: str, token: str) -> Client:
    """A company's people at the desk of their own software, which is none of ours."""
    headers = {"Authorization": f"Bearer {token}"}
    http = httpx.AsyncClient(base_url=url, headers=headers, timeout=TIMEOUT_S, trust_env=False, limits=EACH_ANEW)
    return Client(system, f"desk of {system}", "", http, RandomIds(), root="")


async def enter(url: str, *, system: str, login: str, password: str) -> Client:
    """Sign in at a system's own door.

    Raises:
        Unavailable: Nobody answers there, or the login is not let in.
    """
    http = httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, trust_env=False, limits=EACH_ANEW)
    try:
        await http.get("/api/site")
        headers = {CSRF_HEADER: http.cookies.get(CSRF) or ""}
        answer = await http.post("/api/session", json={"login": login, "password": password}, headers=headers)
    except httpx.HTTPError as cause:
        await http.aclose()
        raise Unavailable(f"{system} does not answer at {url}: {cause or type(cause).__name__}") from cause
    if not answer.is_success:
        await http.aclose()
        raise Unavailable(f"{system} does not let {login} in: {answer.status_code} {_words(answer)}")
    return Client(system, login, password, http, RandomIds())


def _words(answer: httpx.Response) -> str:
    try:
        told = answer.json()["error"]
        faults = " ".join(f"{fault['where']} {fault['what_en']}" for fault in told.get("faults", []))
        return f"{told['message_en']} {faults}".strip()
    except (ValueError, KeyError, TypeError):
        return answer.text[:120]
