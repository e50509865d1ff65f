"""What a request to look into books may say: whose books, how long, why. The same at who asks, who passes on and who keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import msgspec

from metropool.core.areas import area_faults
from metropool.core.errors import Fault, Invalid
from metropool.exchange.messages import Question, ViewRequested
from metropool.exchange.notices import text_faults

LONGEST_REASON, LONGEST_BASIS, LONGEST_ID, LONGEST_NAME = 500, 300, 64, 64
MOST_DAYS = 366
LONGEST_USE = timedelta(days=366)
MEDIA = ("electricity", "water", "gas", "heat")
CHARGING, PREMISES = "charging", "premises"
BEHIND_DOORS = (CHARGING, PREMISES)
"""Whose keepers are software that is not ours, at a door."""


@dataclass(frozen=True)
class Asked:
    """What a question is about.

    Attributes:
        holder: Whose books answer it: of readings, of payments, of charging, of the company of the medium, or a community's premises.
        per: What one row is of.
        is_personal: It tells of single households, or of whoever is seen: it needs a legal basis and a second person's approval.
        services: What it may be about.
    """

    holder: Literal["readings", "payments", "company", "charging", "premises"]
    per: Literal["day", "month"]
    is_personal: bool = False
    services: tuple[str, ...] = MEDIA


QUESTIONS: Mapping[Question, Asked] = {
    "usage_by_day": Asked("readings", "day"),
    "silent_meters": Asked("readings", "day"),
    "household_usage": Asked("readings", "day", is_personal=True),
    "bills_by_month": Asked("company", "month"),
    "household_bills": Asked("company", "month", is_personal=True),
    "payments_by_month": Asked("payments", "month"),
    "charging_by_day": Asked("charging", "day", services=("electricity",)),
    "camera_view": Asked("premises", "day", is_personal=True, services=("community",)),
    "access_records": Asked("premises", "day", is_personal=True, services=("community",)),
}


def holder_of(what: Question, service: str) -> str:
    """Whose books answer a question about a medium."""
    holder = QUESTIONS[what].holder
    return service if holder == "company" else holder


def check_request(request: ViewRequested) -> None:
    """Refuse a request that nobody could decide on.

    Raises:
        Invalid: With every fault.
    """
    faults = [
        *text_faults("reason", request.reason, longest=LONGEST_REASON, lines=True),
        *_basis_faults(request),
        *area_faults(request.area),
        *_own_faults(request),
    ]
    if faults:
        raise Invalid(f"the request {request.request[:LONGEST_ID]} cannot be so", key="portal.invalid", faults=faults)


def is_news(message: ViewRequested, known: ViewRequested | None) -> bool:
    """Whether a request says something to who knows an edition of it: a first word, or that it is taken back.

    Raises:
        Invalid: It says something else than was asked: whoever has decided on it, or half of it, decided on what was asked.
    """
    if known is None:
        return True
    if message.edition < known.edition:
        return False
    is_newer = message.edition > known.edition
    if message != (msgspec.structs.replace(known, edition=message.edition, state="withdrawn") if is_newer else known):
        raise Invalid(
            f"the request {message.request[:LONGEST_ID]} is taken back, never changed: ask anew", key="exchange.other_request"
        )
    return is_newer


def _basis_faults(request: ViewRequested) -> list[Fault]:
    """A legal basis is needed where single households are told of."""
    if not request.legal_basis.strip() and not QUESTIONS[request.what].is_personal:
        return []
    return text_faults("legal_basis", request.legal_basis, longest=LONGEST_BASIS, lines=False)


def _own_faults(request: ViewRequested) -> list[Fault]:
    faults = [
        Fault(name, "fault.wrong")
        for name, text in (("request", request.request), ("asker", request.asker), ("party", request.party))
        if not 0 < len(text) <= LONGEST_ID
    ]
    if not 0 < len(request.requested_by) <= LONGEST_NAME:
        faults.append(Fault("requested_by", "fault.wrong"))
    if not 1 <= request.edition < 1 << 31:
        faults.append(Fault("edition", "fault.wrong"))
    if request.service not in QUESTIONS[request.what].services:
        faults.append(Fault("service", "fault.literal_error"))
    elif request.holder != holder_of(request.what, request.service):
        faults.append(Fault("holder", "fault.wrong"))
    return faults + _premises_faults(request) + _time_faults(request)


def _premises_faults(request: ViewRequested) -> list[Fault]:
    """Cameras are asked for of one community by its name; books of no such one."""
    if QUESTIONS[request.what].holder != PREMISES:
        return [Fault("community", "fault.wrong")] if request.community else []
    if request.area.kind != "places" or len(request.area.places) != 1:
        return [Fault("area", "fault.one_community")]
    return [] if request.community == request.area.places[0] else [Fault("community", "fault.wrong")]


def _time_faults(request: ViewRequested) -> list[Fault]:
    days = (request.last_day - request.first_day).days
    use = request.expires_at - request.requested_at
    checks = (
        (days < 0, "last_day", "fault.period_order"),
        (days >= MOST_DAYS, "last_day", "fault.period_length"),
        (use <= timedelta(0), "expires_at", "fault.period_order"),
        (use > LONGEST_USE, "expires_at", "fault.period_length"),
    )
    return [Fault(where, what) for is_wrong, where, what in checks if is_wrong]
