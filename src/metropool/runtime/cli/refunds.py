"""Refunds from the command line: over the site's own API, so with the same rights, second person and audit."""

import sys
from collections.abc import Mapping
from typing import Any

from metropool.core.identifiers import RandomIds
from metropool.core.money import parse_fen, show_cny
from metropool.runtime.cli.over_site import ask, password_of, signed_in
from metropool.runtime.cli.printing import print_json
from metropool.runtime.cli.words import word

BASE = "/smart_use_platform/api/refunds"


def ask_refund(*, payment: str, amount_cny: str, reason: str, site: str, login: str, as_json: bool) -> None:
    """Ask for (part of) a payment to be given back.

    Raises:
        Invalid: The amount is none in yuan.
        MetropoolError: The site refused.
    """
    body = {"payment": payment, "amount_fen": parse_fen(amount_cny), "reason": reason}
    with signed_in(site, login) as client:
        asked = ask(client, "POST", BASE, body, {"Idempotency-Key": RandomIds().fresh_id()})
    _show(asked, as_json=as_json)


def decide_on_refund(*, refund: str, reject: bool, reason: str, site: str, login: str, as_json: bool) -> None:
    """Say the second person's word about a refund; the password is asked for again."""
    with signed_in(site, login) as client:
        said = {"decision": "reject" if reject else "approve", "reason": reason, "password": password_of(login)}
        decided = ask(client, "POST", f"{BASE}/{refund}/approval", said, {})
    _show(decided, as_json=as_json)


def list_refunds(*, site: str, login: str, as_json: bool) -> None:
    """The newest refunds."""
    with signed_in(site, login) as client:
        rows = ask(client, "GET", f"{BASE}?size=50", None, {})["rows"]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        _line(row)


def _show(refund: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(refund)
    else:
        _line(refund)


def _line(row: Mapping[str, Any]) -> None:
    people = " / ".join(who for who in (row["asked_by"], row["approved_by"], row["rejected_by"]) if who)
    state = word(f"refund_state_{row['state']}")
    sys.stdout.write(f"{row['id']}  {row['payment']}  {show_cny(row['amount_fen'])}  {state}  {people}  {row['reason']}\n")
