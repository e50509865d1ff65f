"""A command as people follow it: its state, its steps, its outcome, in words."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from metropool.capabilities.metering.control import limiting
from metropool.capabilities.metering.queries.city import City
from metropool.core.quantities import reading_types_by_id
from metropool.facts.commands import KINDS, Command, Step
from metropool.portal.desks.operator.operator_words import amount, moment_ms, names_of, reading, said, type_name
from metropool.portal.schemas import commands as schema
from metropool.portal.schemas.basics import Text

STATES_OF: Mapping[str, tuple[str, ...]] = {
    "awaiting_approval": ("ordered",),
    "queued": ("approved",),
    "sent": ("sent",),
    "answered": ("accepted",),
    "holding": ("holding",),
    "finished": ("confirmed", "refused", "expired", "unknown", "cancelled"),
}
"""State that pages show to states of the journal."""

SHOWN = {state: shown for shown, states in STATES_OF.items() for state in states}
NOBODY = ("rule", "front end", "clock")
GUARANTEED = "supply is guaranteed: "
STEPS: Mapping[str, tuple[schema.CommandStep, ...]] = {
    "ordered": ("ordered",),
    "approved": ("approved", "queued"),
    "sent": ("sent",),
    "accepted": ("answered",),
    "holding": ("holding",),
    "cancelled": ("cancelled", "finished"),
    "expired": ("finished",),
    "unknown": ("finished",),
}


def command_of(command: Command, *, steps: Sequence[Step], city: City) -> schema.Command:
    """A command as pages show it."""
    meter = city.meters[city.index(command.device)]
    is_over = SHOWN[command.state] == "finished"
    return schema.Command.model_validate(
        {
            "id": command.id,
            "kind": command.kind,
            "kind_name": said("kinds", command.kind),
            "meter": command.device,
            "meter_number": meter.number,
            "service": meter.service,
            "address": city.address(meter),
            "minutes": command.minutes,
            "reason": command.reason,
            "ordered_by": command.requested_by,
            "approved_by": command.approved_by,
            "on_site_by": command.on_site_by,
            "state": SHOWN[command.state],
            "outcome": command.outcome,
            "outcome_detail": note_text(command.note) if is_over else None,
            "steps": [done for i, step in enumerate(steps) for done in steps_of(step, command, is_last=i == len(steps) - 1)],
            "result": _result(command),
            "created_at": moment_ms(command.created_at),
            "expires_at": moment_ms(command.expires_at),
            "off_since": moment_ms(command.held_at),
            "back_by": moment_ms(limiting.back_by(command)),
            "finished_at": moment_ms(command.resolved_at or (steps[-1].at if steps else None)) if is_over else None,
            "needs_approval": KINDS[command.kind].second_person and not command.emergency,
        }
    )


def steps_of(step: Step, command: Command, *, is_last: bool) -> list[schema.StepDone]:
    """A step of the journal as one or two that people know; an unknown outcome that was resolved later is left out."""
    if step.state == "unknown" and not is_last:
        return []
    at = datetime.fromtimestamp(step.at / 1000, UTC)
    by = None if step.actor in NOBODY else step.actor
    detail = None if step.state == "ordered" else note_text(step.note)
    return [
        schema.StepDone(step=name, at=at, by=by, detail=None if name == "queued" else detail) for name in _names(step, command)
    ]


def note_text(note: str) -> Text | None:
    """A note of the journal in both languages; what a person wrote stays as it is."""
    if not note:
        return None
    if note.startswith(GUARANTEED):
        return said("refusals", "guaranteed", reason=note.removeprefix(GUARANTEED))
    return said("command_notes", note) if note in names_of("command_notes") else Text(zh=note, en=note)


def _names(step: Step, command: Command) -> tuple[schema.CommandStep, ...]:
    if step.state == "confirmed":
        return ("answered", "finished") if KINDS[command.kind].proof == "value" else ("read_back", "finished")
    if step.state == "refused":
        return ("finished",) if step.actor in NOBODY else ("rejected", "finished")
    return STEPS[step.state]


def _clock(command: Command) -> list[schema.ValueRead]:
    """How far a clock is off that a command set, as it was read back."""
    clock = (command.read_back or {}).get("clock")
    if not clock:
        return []
    at = datetime.fromtimestamp(clock["at"] / 1000, UTC)
    figure = amount(clock["ahead_ms"] / 1000, "s", at=at, reason=said("notes", "no_answer"), digits=1)
    return [schema.ValueRead(reading_type="clock_drift", name=said("kinds", "clock_drift"), figure=figure)]


def _profile(command: Command) -> list[schema.ValueRead]:
    """The measuring point under which a terminal keeps a meter, as it was read back."""
    kept = command.read_back or {}
    if "profile" not in kept:
        return []
    at = datetime.fromtimestamp(kept["at"] / 1000, UTC)
    figure = amount(kept["profile"]["point"], "1", at=at, reason=said("notes", "no_answer"))
    return [schema.ValueRead(reading_type="measuring_point", name=said("kinds", "measuring_point"), figure=figure)]


def _result(command: Command) -> list[schema.ValueRead]:
    """The values a command brought back; a state of a relay or valve is told by the outcome."""
    if KINDS[command.kind].proof == "clock":
        return _clock(command)
    if KINDS[command.kind].proof == "profile":
        return _profile(command)
    rows: Sequence[Mapping[str, Any]] = (command.read_back or {}).get("values", [])
    kinds = reading_types_by_id()
    return [
        schema.ValueRead(
            reading_type=kind.code,
            name=type_name(kind),
            figure=reading(kind, value=row["value"], at_s=row["at"], quality=0),
        )
        for row in rows
        if (kind := kinds[row["item"]]).kind != "state"
    ]
