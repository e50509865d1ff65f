"""Reading on demand and control from the command line: over the site's own API, so with the same rights, second person and audit."""

import getpass
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from metropool.core.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from metropool.core.identifiers import RandomIds
from metropool.runtime.cli.main import print_json
from metropool.runtime.cli.words import language

BASE = "/metering/api/commands"
KINDS = {401: Forbidden, 403: Forbidden, 404: NotFound, 409: Conflict, 422: Invalid}
LOOKS_S = 1.0


def order_command(
    *, meter: str, kind: str, reason: str, site: str, login: str, wait_s: float, as_json: bool, expires_in_s: int | None
) -> None:
    """Order a command and, when asked to wait, show how it ended."""
    body = {"kind": kind, "meter": meter, "reason": reason, "expires_in_s": expires_in_s}
    with signed_in(site, login) as client:
        ordered = _ask(client, "POST", BASE, body, {"Idempotency-Key": RandomIds().fresh_id()})
        _show(_followed(client, ordered, wait_s), as_json=as_json)


def approve_command(*, command: str, reject: bool, reason: str, site: str, login: str, wait_s: float, as_json: bool) -> None:
    """Say the second person's word about a command; the password is asked for again."""
    with signed_in(site, login) as client:
        word = {"decision": "reject" if reject else "approve", "reason": reason, "password": _password(login)}
        decided = _ask(client, "POST", f"{BASE}/{command}/approval", word, {})
        _show(_followed(client, decided, wait_s), as_json=as_json)


def list_commands(*, site: str, login: str, as_json: bool) -> None:
    """The newest commands of the journal."""
    with signed_in(site, login) as client:
        rows = _ask(client, "GET", f"{BASE}?size=50", None, {})["rows"]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        _line(row)


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
        _ask(client, "POST", "/api/session", {"login": login, "password": _password(login)}, {})
        try:
            yield client
        finally:
            _ask(client, "DELETE", "/api/session", None, {})


def _password(login: str) -> str:
    return os.environ.get("METROPOOL_PASSWORD") or getpass.getpass(f"{login}: ")


def _ask(client: httpx.Client, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]) -> Any:
    csrf = client.cookies.get("metropool_csrf") or ""
    try:
        answer = client.request(method, path, json=body, headers={"X-Metropool-CSRF": csrf, **headers})
    except httpx.HTTPError as cause:
        raise Unavailable(f"the site does not answer: {cause or type(cause).__name__}") from cause
    if answer.status_code >= 400:
        told = answer.json().get("error", {})
        faults = "; ".join(f"{fault['where']}: {fault[f'what_{language()}']}" for fault in told.get("faults", []))
        sentence = f"{told.get(f'message_{language()}', answer.status_code)} {faults}".strip()
        raise KINDS.get(answer.status_code, Unavailable)(sentence)
    return answer.json() if answer.content else None


def _followed(client: httpx.Client, command: Mapping[str, Any], wait_s: float) -> Mapping[str, Any]:
    """The command as it stands when it is finished, waits for a second person, or patience is over."""
    deadline = time.monotonic() + wait_s
    while command["state"] not in ("finished", "awaiting_approval") and time.monotonic() < deadline:
        time.sleep(LOOKS_S)
        command = _ask(client, "GET", f"{BASE}/{command['id']}", None, {})
    return command


def _show(command: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(command)
        return
    _line(command)
    for value in command["result"]:
        figure = value["figure"]
        sys.stdout.write(f"  {value['name'][language()]}: {figure['value']} {figure['unit']}\n")


def _line(row: Mapping[str, Any]) -> None:
    outcome = row["outcome"] or row["state"]
    sys.stdout.write(f"{row['id']}  {row['kind_name'][language()]}  {row['meter']}  {outcome}\n")
