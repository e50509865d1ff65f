"""Requests to look into books, and records of what was given, in words."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from metropool.access.provisions import Provision
from metropool.exchange.messages import ViewRequested
from metropool.exchange.views import QUESTIONS
from metropool.portal.desks.words import Parties, name
from metropool.portal.schemas.basics import Text
from metropool.portal.schemas.views import ProvisionRow


def asked_words(asked: ViewRequested) -> dict[str, Any]:
    """What was asked for."""
    return {
        **{field: getattr(asked, field) for field in ("what", "service", "purpose", "first_day", "last_day")},
        "what_text": name("questions", asked.what),
        "purpose_text": name("purposes", asked.purpose),
        "is_personal": QUESTIONS[asked.what].is_personal,
    }


def provision_words(given: Provision, parties: Parties) -> dict[str, Any]:
    """One record of what was given."""
    same = ("id", "receiver", "giver", "what", "fields", "rows", "subjects", "agreement", "purpose", "legal_basis", "allowed_by")
    return {
        **{field: getattr(given, field) for field in same},
        "given_at": given.given_at,
        "party_name": parties.name(given.receiver_party),
        "what_text": name("questions", given.what),
        "fields_text": _listed([name("measures", field) for field in given.fields.split()]),
        "purpose_text": name("purposes", given.purpose),
        "ends_at": given.ends_at,
        "withheld_at": None if given.withheld_at is None else datetime.fromtimestamp(given.withheld_at, UTC),
    }


def _listed(names: Sequence[Text]) -> Text:
    return Text(zh="、".join(each.zh for each in names), en=", ".join(each.en for each in names))


def provision_row(given: Provision, parties: Parties) -> ProvisionRow:
    """The same as a row."""
    return ProvisionRow.model_validate(provision_words(given, parties))
