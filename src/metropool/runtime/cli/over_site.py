"""Commands that go over the site's own API: a session, its requests, its refusals in the person's language."""

import getpass
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from metropool.core.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from metropool.runtime.cli.words import language, word

KINDS = {401: Forbidden, 403: Forbidden, 404: NotFound, 409: Conflict, 422: Invalid}


@contextmanager
def signed_in(site: str, login: str) -> Iterator[httpx.Client]:
    """A session at the site; ended when done.

    Raises:
        Forbidden: Wrong password, or locked.
        Unavailable: Nobody answers there.
    """
    with httpx.Client(base_url=site, timeout=30.0, trust_env=False) as client:
        try:
            client.get("/api/site")
        except httpx.HTTPError as cause:
            raise Unavailable(
                f"no site answers at {site}: {cause or type(cause).__name__}; start `metropool demo` or `serve`"
            ) from cause
        ask(client, "POST", "/api/session", {"login": login, "password": password_of(login)}, {})
        try:
            yield client
        finally:
            ask(client, "DELETE", "/api/session", None, {})


def host_of(client: httpx.Client, capability: str) -> str:
    """The system that hosts a capability in the plan the site runs.

    Raises:
        NotFound: None does.
    """
    hosts = ask(client, "GET", "/api/site", None, {})["hosted_by"].get(capability)
    if not hosts:
        raise NotFound(f"the plan of this site places {capability} nowhere")
    return str(hosts[0])


def password_of(login: str) -> str:
    """``METROPOOL_PASSWORD``, or what the person types."""
    return os.environ.get("METROPOOL_PASSWORD") or getpass.getpass(f"{login}: ")


def ask(client: httpx.Client, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]) -> Any:
    """One request of the session; the answer's JSON, None when it has none.

    Raises:
        MetropoolError: The site refused; of the kind it named, in the words it found.
    """
    csrf = client.cookies.get("metropool_csrf") or ""
    try:
        answer = client.request(method, path, json=body, headers={"X-Metropool-CSRF": csrf, **headers})
    except httpx.HTTPError as cause:
        raise Unavailable(f"the site does not answer: {cause or type(cause).__name__}") from cause
    told = _told(answer)
    if answer.status_code >= 400:
        told = told.get("error", {}) if isinstance(told, dict) else {}
        faults = "; ".join(f"{fault['where']}: {fault[f'what_{language()}']}" for fault in told.get("faults", []))
        sentence = f"{told.get(f'message_{language()}', answer.status_code)} {faults}".strip()
        raise KINDS.get(answer.status_code, Unavailable)(sentence)
    return told


def _told(answer: httpx.Response) -> Any:
    """What an answer says, None when it says nothing.

    Raises:
        Unavailable: It is no JSON: what answers is no site of ours.
    """
    try:
        return answer.json() if answer.content else None
    except ValueError as cause:
        raise Unavailable(word("no_site_of_ours", site=answer.url.copy_with(raw_path=b"/"))) from cause
