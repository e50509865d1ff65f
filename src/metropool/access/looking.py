"""Looking into books or at cameras: what can never be granted, whoever decides, and the record of an answer that left. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from metropool.access.provisions import Provision
from metropool.core.clock import Instant
from metropool.core.dated import needed_on, read_dated
from metropool.core.periods import business_date
from metropool.exchange.messages import ViewAnswered, ViewRequested


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


def subjects_of(message: ViewAnswered) -> list[str]:
    """The households an answer tells of by name, each once; none where its rows are sums."""
    return [one for one in message.rows["subject"].unique().to_pylist() if one]


def provision_of_answer(
    message: ViewAnswered,
    *,
    id: str,
    giver: str,
    asked: ViewRequested,
    of: Collection[str],
    allowed_by: str,
    expires_at: Instant | None,
) -> Provision:
    """The record of a page that left for whoever asked.

    Args:
        message: The page.
        id: Id of its envelope.
        of: Households it tells of by name; where there are none, the largest group behind one of its sums is counted.
        allowed_by: Who approved.
        expires_at: End of the use; None where it has none.
    """
    groups = filter(None, message.rows["subjects"].to_pylist())
    return Provision(
        id=id,
        giver=giver,
        receiver=asked.asker,
        receiver_party=asked.party,
        what=message.what,
        fields=" ".join(sorted(set(filter(None, message.rows["measure"].to_pylist())))),
        rows=message.rows.num_rows,
        subjects=len(set(of)) or max(groups, default=0),
        agreement=message.request,
        purpose=asked.purpose,
        legal_basis=asked.legal_basis,
        allowed_by=allowed_by,
        expires_at=int(expires_at.timestamp()) if expires_at else None,
    )


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
