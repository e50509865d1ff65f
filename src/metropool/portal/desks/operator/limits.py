"""Limits of supply (限时停电) as pages show them: one that runs, until when, and why a meter cannot take one."""

from typing import Any

from metropool.capabilities.metering.control import limiting
from metropool.capabilities.metering.queries.city import MeterFact
from metropool.capabilities.metering.queries.standing import OFF
from metropool.facts.commands import Command
from metropool.facts.commands.commands import to_ms
from metropool.portal.desks.operator.abilities import kinds_of
from metropool.portal.desks.operator.field import Field
from metropool.portal.desks.operator.operator_words import moment_ms, said
from metropool.portal.schemas import meters as schema
from metropool.portal.schemas.basics import Text


def of_meter(field: Field, fact: MeterFact) -> dict[str, Any]:
    """Fields of a meter that tell of its limit."""
    return {"limit": _running(field, fact), "limit_refusal": why_never(fact)}


def why_never(fact: MeterFact) -> Text | None:
    """Why a meter can take no limit at any time; None when it can, or is taken out and takes nothing."""
    if limiting.KIND in kinds_of(fact) or (fact.served and fact.now is None):
        return None
    if fact.service != "electricity":
        return said("refusals", "limit_no_order")
    return said("refusals", "limit_not_known" if fact.can_switch else "limit_no_relay")


def is_off(field: Field, fact: MeterFact) -> bool:
    """Supply was off when it was last read: a limit would end what somebody meant to limit."""
    return int(field.standing.supply[field.city.index(fact.id)]) == OFF


def _running(field: Field, fact: MeterFact) -> schema.SupplyLimit | None:
    limit = limiting.running(field.work, fact.id) if fact.can_switch else None
    if limit is None:
        return None
    return schema.SupplyLimit(
        command=limit.id,
        minutes=limit.minutes or 0,
        state=_state(limit, to_ms(field.now)),
        off_since=moment_ms(limit.held_at),
        back_by=moment_ms(limiting.back_by(limit)),
        back_at_latest=moment_ms(limiting.back_at_latest(limit)) or field.now,
    )


def _state(limit: Command, now_ms: int) -> schema.LimitState:
    by = limiting.back_by(limit)
    if limit.state == "unknown":
        return "unknown" if by is None else "late"
    if by is None:
        return "sent"
    return "off" if now_ms < by else "due"
