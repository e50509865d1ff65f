"""What a company tells and asks besides bills, where the plan lists it: its customers, who has paid, supply to be cut or restored."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from cityinabox.company.book import Row
from cityinabox.company.office import Company

CUSTOMERS, STATUS, SWITCHES = "customer_profiles", "payment_status", "switch_requests"
WHERE = ("community", "building")
SWITCH_WITHIN = timedelta(hours=24)


def phrases_of(company: Company) -> frozenset[str]:
    """What the plan lets the company say, as its door tells."""
    return frozenset(said["phrase"] for said in company.ask("GET", "letters/phrases")["says"])


def tell_customers(company: Company) -> None:
    """Tell the company's customers; the same customers are told once."""
    rows = [
        {
            "usage_point": point,
            "account_number": agreement["account_number"],
            "combined_account": agreement["combined_account"],
            "place": None,
            "name": None,
            "category": "residential",
            "valid_from": agreement["valid_from"][:10],
            "valid_to": None,
        }
        for point, agreement in sorted(company.customers.items())
    ]
    version = hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]
    company.say(CUSTOMERS, {"rows": rows}, key=f"customers/{version}")


def tell_who_paid(company: Company, letter: Row, *, now: datetime) -> None:
    """Tell how the accounts stand that a letter brought payments of; no amounts."""
    owed = company.book.owed()
    indebted = {bill["account_number"] for bill in company.book.bills() if owed[bill["bill_number"]] > 0}
    accounts = sorted({row["account_number"] for row in letter["message"]["rows"]})
    lies_in = {row["account_number"]: {name: row[name] for name in WHERE} for row in company.customers.values()}
    rows = [
        {"account_number": one, "status": "due" if one in indebted else "paid", "as_of": now.isoformat()}
        | lies_in.get(one, dict.fromkeys(WHERE))
        for one in accounts
    ]
    company.say(STATUS, {"rows": rows}, key=f"standing/{letter['number']}")


def ask_for_readings(company: Company, points: Sequence[str], first: date, last: date) -> str:
    """Ask for readings again; the number of the request."""
    number = f"RQ-{secrets.token_hex(6)}"
    company.request(number, points, first, last)
    return number


def ask_to_switch(company: Company, given: Row, *, now: datetime) -> str:
    """Ask for a customer's supply to be cut, or restored; who measures decides. The number of the request."""
    number = f"SW-{secrets.token_hex(6)}"
    point = next(point for point, row in company.customers.items() if row["account_number"] == given["account_number"])
    order = {"request": number, "usage_point": point, "close": given["restore"], "reason": given["reason"]}
    when = {"requested_by": f"{company.party}:desk", "expires_at": (now + SWITCH_WITHIN).isoformat()}
    company.say(SWITCHES, {**order, **when}, key=f"switch/{number}")
    return number
