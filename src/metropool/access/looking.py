"""What can never be granted of a request to look into books or at cameras, whoever decides. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from metropool.core.clock import Instant
from metropool.core.dated import needed_on, read_dated
from metropool.core.periods import business_date
from metropool.exchange.messages import ViewRequested


@dataclass(frozen=True)
class Rule:
    """Who may ask for what from a day on (``looking.yaml``).

    Attributes:
        parties: Whose requests are decided on.
        purposes: Question to what it may be asked for.
    """

    valid_from: date
    parties: Sequence[str]
    purposes: Mapping[str, Sequence[str]]


def why_never(asked: ViewRequested, *, now: Instant) -> str:
    """Why a request cannot be granted now: ``unknown_party``, ``wrong_purpose``, ``lapsed`` or ``not_yet``; empty when it can."""
    rule, today = rule_on(business_date(now)), business_date(now)
    if asked.party not in rule.parties:
        return "unknown_party"
    if asked.purpose not in rule.purposes[asked.what]:
        return "wrong_purpose"
    if asked.expires_at <= now:
        return "lapsed"
    return "not_yet" if asked.first_day > today else ""


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, by date."""
    return read_dated(Rule, package="metropool.access", name="looking.yaml")


def rule_on(day: date) -> Rule:
    """The rule of a day.

    Raises:
        NotFound: There is none yet.
    """
    return needed_on(rules(), day, what="rules on who may look into books")
