"""The desk of reading on demand and control, over the command journal and control."""

from datetime import timedelta
from typing import Any

from metropool.capabilities.metering.control import clock_setting, limiting, operations, profile_setting
from metropool.capabilities.metering.control.devices import device_of
from metropool.capabilities.metering.queries.adapters.journal import SORTABLE, JournalRows
from metropool.capabilities.metering.queries.city import MeterFact
from metropool.capabilities.metering.queries.flow import FINE
from metropool.core.errors import Conflict, Fault, Forbidden, Invalid
from metropool.core.quantities import reading_type
from metropool.facts.commands import KINDS, Draft
from metropool.portal.desks.operator import limits
from metropool.portal.desks.operator.abilities import guarantee_of, kinds_of, why_no_profile
from metropool.portal.desks.operator.command_words import STATES_OF, command_of
from metropool.portal.desks.operator.field import Field, MeteringWork
from metropool.portal.desks.operator.operator_words import amount, effect_of, said
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas import commands as schema
from metropool.portal.schemas.basics import Page, Text

EXPIRES_S = {"read_on_demand": 300, "synchronize_clock": 300, "set_profile": 300}
USUALLY_EXPIRES_S = 3600
READ_ITEM = {**FINE, "electricity": reading_type("electricity_forward_register").id}
"""What a read on demand asks a meter of each service for: its dial."""


class CommandsDesk:
    """Reading on demand and control, in one unit of work."""

    def __init__(self, work: MeteringWork) -> None:
        self._work = work
        self._field = Field(work)
        self._rows = JournalRows(work.context.connection)

    def summary(self) -> schema.CommandSummary:
        """How commands fare: shares and times over the newest 500."""
        figures, now = self._field.commands, self._work.now
        share = figures.answered_share
        counts = figures.by_state
        return schema.CommandSummary(
            as_of=now,
            answered_rate=amount(None if share is None else share * 100, "%", at=now, reason=said("notes", "no_sent"), digits=1),
            median_s=amount(figures.median_answer_s, "s", at=now, reason=said("notes", "no_answer"), digits=1),
            waiting=sum(counts.get(state, 0) for state in ("approved", "sent", "accepted")),
            awaiting_approval=counts.get("ordered", 0),
            unknown=counts.get("unknown", 0),
        )

    def commands(self, *, state: str | None, meter: str | None, kind: str | None, asked: Asked) -> Page[schema.Command]:
        """The commands, newest first unless asked otherwise."""
        unknown = [sort.column for sort in asked.sort if sort.column not in SORTABLE]
        if unknown:
            raise Invalid("cannot be sorted by these", faults=[Fault(f"sort.{name}", "fault.unknown_column") for name in unknown])
        found, total = self._rows.commands(
            states=STATES_OF[state] if state else None,
            device=meter,
            kind=kind,
            sort=[(sort.column, sort.descending) for sort in asked.sort],
            offset=asked.offset,
            limit=asked.size,
        )
        steps = self._rows.steps([command.id for command in found])
        rows = [command_of(command, steps=steps[command.id], city=self._field.city) for command in found]
        return Page[schema.Command](rows=rows, page=asked.page, size=asked.size, total=total, as_of=self._work.now)

    def command(self, *, command: str) -> schema.Command:
        """One command with its steps."""
        found = self._work.commands.get(id=command)
        return command_of(found, steps=self._work.commands.steps(id=command), city=self._field.city)

    def effect(self, *, kind: schema.CommandKind, meter: str) -> schema.CommandEffect:
        """What a command would do, in words."""
        fact = self._meter(meter)
        homes = self._homes(fact) if _switches(kind) else 0
        refusal = self._refusal(kind, fact)
        return schema.CommandEffect(
            kind=kind,
            meter=meter,
            effect=effect_of(kind, service=fact.service, homes=homes),
            homes=homes,
            supply_guaranteed=guarantee_of(self._work, fact) is not None,
            allowed=refusal is None,
            refusal=refusal,
            needs_approval=kind in KINDS and KINDS[kind].second_person,
            needs_on_site=_needs_on_site(kind, fact),
            needs_minutes=_is_timed(kind),
            expires_in_s=EXPIRES_S.get(kind, USUALLY_EXPIRES_S),
        )

    def order(self, *, wanted: schema.NewCommand, by: str, key: str) -> schema.Command:
        """Operation: put a command in the journal.

        Raises:
            Forbidden: Supply is guaranteed.
            Conflict: The meter cannot do this.
            Invalid: Nobody on the spot is named who confirmed that it is safe, or a limit has no minutes.
        """
        fact = self._meter(wanted.meter)
        self._check(wanted.kind, fact)
        if _is_timed(wanted.kind) != (wanted.minutes is not None):
            faults = [Fault("minutes", "commands.minutes")]
            raise Invalid("only a limit names its minutes, and it has to", key="commands.minutes", faults=faults)
        needs_on_site = _needs_on_site(wanted.kind, fact)
        if needs_on_site and not wanted.on_site_by:
            faults = [Fault("on_site_by", "metering.on_site_needed")]
            raise Invalid("somebody on the spot must confirm that it is safe", key="metering.on_site_needed", faults=faults)
        expires_s = wanted.expires_in_s or EXPIRES_S.get(wanted.kind, USUALLY_EXPIRES_S)
        draft = Draft(
            device=fact.id,
            kind=wanted.kind,
            reason=wanted.reason,
            requested_by=by,
            expires_at=self._work.now + timedelta(seconds=expires_s),
            item=READ_ITEM[fact.service] if wanted.kind == "read_on_demand" else None,
            minutes=wanted.minutes,
            on_site_by=wanted.on_site_by if needs_on_site else None,
        )
        return self.command(command=operations.order(work=self._work, draft=draft, key=key).id)

    def decide(self, *, command: str, approve: bool, reason: str, by: str) -> schema.Command:
        """Operation: the second person's word.

        Raises:
            Forbidden: By the person who ordered it.
            Conflict: Not waiting for approval.
        """
        found = self._work.commands.get(id=command)
        if by == found.requested_by:
            raise Forbidden("the person who orders a command cannot decide on it", key="metering.second_person")
        if approve:
            operations.approve(work=self._work, id=command, by=by, reason=reason)
        elif found.state != "ordered":
            raise Conflict(f"command {command} is {found.state}: nothing to reject", key="commands.not_possible")
        else:
            self._work.commands.move(id=command, move="refuse", actor=by, note=reason)
            self._work.changed("commands")
        return self.command(command=command)

    def cancel(self, *, command: str, reason: str, by: str) -> schema.Command:
        """Operation: take a command back before it is sent."""
        operations.cancel(work=self._work, id=command, by=by, reason=reason)
        return self.command(command=command)

    def _meter(self, meter: str) -> MeterFact:
        return self._field.city.meters[self._field.city.index(meter)]

    def _homes(self, fact: MeterFact) -> int:
        """Homes that have supply through a meter now."""
        places = {one.place for one in fact.served if one.valid_to is None}
        found = [self._field.city.places.get(place) for place in places]
        return sum(place is not None and place.kind == "home" for place in found)

    def _check(self, kind: str, fact: MeterFact) -> None:
        refusal = self._refusal(kind, fact)
        if refusal is None:
            return
        if kind in kinds_of(fact) and KINDS[kind].guarded and guarantee_of(self._work, fact):
            raise Forbidden(refusal.en, key="metering.supply_guaranteed")
        raise Conflict(refusal.en, key="commands.refused", values={"why_zh": refusal.zh, "why_en": refusal.en})

    def _refusal(self, kind: str, fact: MeterFact) -> Text | None:
        """Why a command cannot be ordered; None when it can."""
        if fact.served and fact.now is None:
            return said("refusals", "exchanged")
        if kind not in kinds_of(fact):
            return _why_never(kind, fact)
        if kind == clock_setting.KIND and (cannot := self._cannot_set_clock(fact)):
            return cannot
        if kind == profile_setting.KIND and not fact.served:
            return said("refusals", "serves_nothing")
        reason = guarantee_of(self._work, fact) if KINDS[kind].guarded else None
        return said("refusals", "guaranteed", reason=reason) if reason else self._cannot_cut(kind, fact)

    def _cannot_cut(self, kind: str, fact: MeterFact) -> Text | None:
        """Why supply cannot be cut or limited just now."""
        if not KINDS[kind].guarded:
            return None
        try:
            limiting.check(self._work, device_of(self._work.registry, fact.id), kind=kind)
        except Invalid as cause:
            return said("refusals", cause.key.removeprefix("metering."))
        is_off = kind == limiting.KIND and limits.is_off(self._field, fact)
        return said("refusals", "limit_cut_already") if is_off else None

    def _cannot_set_clock(self, fact: MeterFact) -> Text | None:
        try:
            clock_setting.check(self._work, device_of(self._work.registry, fact.id))
        except Invalid as cause:
            return said("refusals", cause.key.removeprefix("metering."))
        return None


def _why_never(kind: str, fact: MeterFact) -> Text:
    """Why a meter can take no command of a kind at any time."""
    if kind == limiting.KIND and (never := limits.why_never(fact)):
        return never
    no_profile = why_no_profile(fact) if kind == profile_setting.KIND else None
    return said("refusals", no_profile or "not_able")


def _needs_on_site(kind: Any, fact: MeterFact) -> bool:
    return kind in KINDS and fact.service in KINDS[kind].on_site


def _is_timed(kind: Any) -> bool:
    return kind in KINDS and KINDS[kind].timed


def _switches(kind: Any) -> bool:
    return kind in KINDS and KINDS[kind].switches
