"""Reading on demand and control from the command line: over the site's own API, so with the same rights, second person and audit."""

import sys
import time
from collections.abc import Mapping
from typing import Any

import httpx

from metropool.core.identifiers import RandomIds
from metropool.runtime.cli.over_site import ask, password_of, signed_in
from metropool.runtime.cli.printing import print_json
from metropool.runtime.cli.words import language

BASE = "/metering/api/commands"
LOOKS_S = 1.0


def order_command(
    *,
    meter: str,
    kind: str,
    reason: str,
    site: str,
    login: str,
    wait_s: float,
    as_json: bool,
    expires_in_s: int | None,
    minutes: int | None,
    on_site_by: str | None,
) -> None:
    """Order a command and, when asked to wait, show how it ended."""
    body = {"kind": kind, "meter": meter, "reason": reason, "minutes": minutes}
    body |= {"expires_in_s": expires_in_s, "on_site_by": on_site_by}
    with signed_in(site, login) as client:
        ordered = ask(client, "POST", BASE, body, {"Idempotency-Key": RandomIds().fresh_id()})
        _show(_followed(client, ordered, wait_s), as_json=as_json)


def approve_command(*, command: str, reject: bool, reason: str, site: str, login: str, wait_s: float, as_json: bool) -> None:
    """Say the second person's word about a command; the password is asked for again."""
    with signed_in(site, login) as client:
        word = {"decision": "reject" if reject else "approve", "reason": reason, "password": password_of(login)}
        decided = ask(client, "POST", f"{BASE}/{command}/approval", word, {})
        _show(_followed(client, decided, wait_s), as_json=as_json)


def list_commands(*, site: str, login: str, as_json: bool) -> None:
    """The newest commands of the journal."""
    with signed_in(site, login) as client:
        rows = ask(client, "GET", f"{BASE}?size=50", None, {})["rows"]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        _line(row)


def _followed(client: httpx.Client, command: Mapping[str, Any], wait_s: float) -> Mapping[str, Any]:
    """The command as it stands when it is finished, waits for a second person or its own end, or patience is over."""
    deadline = time.monotonic() + wait_s
    while command["state"] not in ("finished", "awaiting_approval", "holding") and time.monotonic() < deadline:
        time.sleep(LOOKS_S)
        command = ask(client, "GET", f"{BASE}/{command['id']}", None, {})
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
    until = f"  → {row['back_by']}" if row["state"] == "holding" else ""
    sys.stdout.write(f"{row['id']}  {row['kind_name'][language()]}  {row['meter']}  {outcome}{until}\n")
