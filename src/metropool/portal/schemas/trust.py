"""Why somebody may see something, and what was done: permissions and audit."""

from typing import Literal

from metropool.portal.schemas.basics import Instant, Model, Named, Text


class AuditRow(Model):
    """One row of a system's audit (审计), as it was chained, and what its action is called; ``details`` is JSON."""

    number: int
    at: Instant
    actor: str
    action: str
    called: Text
    object: str
    outcome: str
    correlation: str
    details: str
    hash: str


class AuditChain(Model):
    """What a look at the whole chain found: how many rows are right from the first; ``fault`` is null when all are."""

    as_of: Instant
    rows: int
    right: int
    fault: Text | None


class WhyStep(Model):
    """One link of the chain from who asks to what is seen; ``holds``: it lets through."""

    kind: Literal["login", "grant", "system", "row", "consent", "broker"]
    holds: bool
    text: Text


class Why(Model):
    """Whether somebody can see something, and why or why not."""

    can: bool
    verdict: Text
    steps: list[WhyStep]


class WhyChoices(Model):
    """Who and what one may ask about."""

    people: list[str]
    actions: list[Named]
    systems: list[Named]
    messages: list[Named]
