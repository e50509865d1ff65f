"""Operations of control: order, approve, cancel, send, record, resolve. Each is one unit of work; devices are touched between."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from metropool.capabilities.metering.clocks.model import drift_of
from metropool.capabilities.metering.clocks.operations import note_shown
from metropool.capabilities.metering.control import clock_setting, limiting, profile_setting
from metropool.capabilities.metering.control.devices import Device, device_of, device_serving
from metropool.capabilities.metering.control.frames import read_back_of, task_of
from metropool.capabilities.metering.control.model import (
    RELAY,
    VALVES,
    Resolution,
    after_answer,
    after_read_back,
    state_item,
)
from metropool.capabilities.metering.control.read_backs import is_read_back_due, is_settled, shown_by_supply
from metropool.capabilities.metering.frontend.tasks import Answer, AnyTask, SetProfile, Value
from metropool.capabilities.metering.ports import ControlWork
from metropool.core.errors import Conflict, Forbidden, Invalid, NotFound
from metropool.exchange.messages import SwitchSupply
from metropool.facts.commands import KINDS, Command, Draft
from metropool.facts.commands.commands import to_ms

UNRESOLVED_AFTER = timedelta(minutes=10)
_CLOCK, _CARRIER, _RULE = "clock", "front end", "rule"
_READ_BACKS: Mapping[str, Callable[..., AnyTask]] = {
    "clock": clock_setting.read_back_of,
    "profile": profile_setting.read_back_of,
}


def order(*, work: ControlWork, draft: Draft, key: str) -> Command:
    """Order a command; it goes into the journal whatever becomes of it.

    Args:
        work: The unit of work.
        draft: What is asked for.
        key: Idempotency key of the person: the same key and draft give the same command.

    Returns:
        The command: waiting for a second person, ready to be sent, or refused because supply is guaranteed or limited.

    Raises:
        NotFound, Invalid: The device does not exist or cannot do this now, or nobody on the spot confirmed that it is safe.
        Conflict: The key was used for another command.
    """
    device = device_of(work.registry, draft.device)
    kind = KINDS.get(draft.kind)
    if kind is not None and device.service in kind.on_site and not draft.on_site_by:
        raise Invalid("somebody on the spot must confirm that it is safe", key="metering.on_site_needed")
    if draft.emergency and draft.kind != "close_valve":
        raise Invalid("only a closing can be an emergency", key="metering.emergency_only_closes")
    limiting.check_draft(draft, device)
    command = work.commands.order(draft=draft, key=key)
    if command.kind == clock_setting.KIND and command.state == "approved":
        clock_setting.check(work, device, beside=command.id)
    if command.kind == profile_setting.KIND and command.state == "approved":
        profile_setting.check(device)
    work.changed("commands")
    return _hold_to_rules(work, command, device)


def approve(*, work: ControlWork, id: str, by: str, reason: str = "") -> Command:
    """Approve a command as its second person (maker and checker differ); the reason is kept in its journal.

    Raises:
        Forbidden: By the person who ordered it.
        Conflict: Not waiting for approval.
    """
    command = work.commands.get(id=id)
    if by == command.requested_by:
        raise Forbidden("the person who orders a command cannot approve it", key="metering.second_person")
    work.changed("commands")
    held = _hold_to_rules(work, command, device_of(work.registry, command.device))
    if held.state == "refused":
        return held
    return work.commands.move(id=id, move="approve", actor=by, note=reason, approved_by=by)


def cancel(*, work: ControlWork, id: str, by: str, reason: str = "") -> Command:
    """Take back a command that was not sent.

    Raises:
        Conflict: It was sent.
    """
    work.changed("commands")
    return work.commands.move(id=id, move="cancel", actor=by, note=reason)


def take_order(*, work: ControlWork, message: SwitchSupply) -> None:
    """An order of another system becomes a row of our journal; a second person here re-authorises it."""
    try:
        item = {RELAY, *VALVES.values()}
        device = device_of(work.registry, device_serving(work.registry, usage_point_id=message.usage_point, items=item))
        draft = Draft(
            device=device.id,
            kind=_kind_of_order(device, restores=message.close),
            reason=message.reason,
            requested_by=message.requested_by,
            expires_at=message.expires_at,
            request=message.request,
        )
        order(work=work, draft=draft, key=message.request)
    except (NotFound, Conflict) as cause:
        raise Invalid(f"switch request {message.request}: {cause}") from cause


def send_due(*, work: ControlWork) -> list[tuple[Command, AnyTask]]:
    """Commands that may be sent now, marked sent: once this unit is committed, each is handed over exactly once."""
    for command in work.commands.expire():
        _changed(work, command)
    tasks: list[tuple[Command, AnyTask]] = []
    for command in work.commands.in_state("approved"):
        try:
            task = _task_of(work, command)
        except (Invalid, NotFound) as cause:
            work.commands.move(id=command.id, move="refuse", actor=_RULE, note=cause.what)
            continue
        kept: dict[str, Any] = {"read_back": profile_setting.written_by(task)} if isinstance(task, SetProfile) else {}
        tasks.append((work.commands.move(id=command.id, move="send", actor=_CARRIER, **kept), task))
        _changed(work, command)
    return tasks


def resume(*, work: ControlWork) -> list[Command]:
    """After a start: what was sent and never answered is unknown. It is read back, never sent again."""
    sent = work.commands.in_state("sent")
    return [work.commands.move(id=row.id, move="lose", actor=_CLOCK, note="we stopped after sending") for row in sent]


def record_answer(*, work: ControlWork, id: str, answer: Answer) -> Command:
    """Note how the sending of a command went."""
    command = work.commands.get(id=id)
    resolution = after_answer(command, result=answer.result, detail=answer.detail)
    values = {"read_back": _as_json(answer.values)} if answer.values else {}
    return _follow(work, command, resolution, **values)


def read_backs_due(*, work: ControlWork) -> list[tuple[Command, AnyTask]]:
    """Reads that show what accepted and unknown commands did; long unresolved ones become unknown, then stay so."""
    now_ms = to_ms(work.now)
    for command in work.commands.in_state("accepted", older_than=UNRESOLVED_AFTER):
        work.commands.move(id=command.id, move="lose", actor=_CLOCK, note="no proof that it was done")
    for command in limiting.lose_overdue(work, patience=UNRESOLVED_AFTER):
        _changed(work, command)
    due = [row for row in work.commands.in_state("accepted", "holding", "unknown") if is_read_back_due(row, now_ms=now_ms)]
    known = [(row, device_of(work.registry, row.device)) for row in due]
    asked = [(row, device) for row, device in known if is_settled(row, service=device.service, now_ms=now_ms)]
    for command, _ in asked:
        work.commands.note_asked(id=command.id)
    return [(row, _read_back_of(row, device, now_ms)) for row, device in asked]


def record_read_back(*, work: ControlWork, id: str, answer: Answer) -> Command:
    """Note what a read-back showed, and resolve the command where that is proof."""
    command = work.commands.get(id=id)
    device = device_of(work.registry, command.device)
    if KINDS[command.kind].proof == "clock":
        return _record_clock(work, command, device, answer)
    if KINDS[command.kind].proof == "profile":
        return _record_profile(work, command, answer)
    values = [value for value in answer.values if value.item == state_item(device.service) and value.device == device.number]
    if not values or command.state not in ("accepted", "holding", "unknown"):
        return command
    resolution = shown_by_supply(command, values[-1], now_ms=to_ms(work.now), service=device.service)
    followed = _follow(work, command, resolution, read_back=_as_json(values))
    if followed.kind == "reconnect" and followed.state == "confirmed":
        for ended in limiting.end_with(work, followed):
            _changed(work, ended)
    return followed


def _record_clock(work: ControlWork, command: Command, device: Device, answer: Answer) -> Command:
    """A clock read back: kept as any other reading of it, and proof of the command."""
    shown = next((shown for shown in answer.clocks if shown.device == device.number), None)
    if shown is None or command.state not in ("accepted", "unknown"):
        return command
    note_shown(work=work, told={device.id: shown})
    drift = drift_of(shown)
    seen = clock_setting.shown_by_clock(drift, now=work.now)
    resolution = after_read_back(command, shown=seen, now_ms=to_ms(work.now), settle_ms=clock_setting.SETTLES_MS)
    clock = {"ahead_ms": drift.ahead_ms, "margin_ms": drift.margin_ms, "at": shown.heard_at} if drift else {}
    return _follow(work, command, resolution, read_back={"clock": clock})


def _record_profile(work: ControlWork, command: Command, answer: Answer) -> Command:
    """What the terminal told of its archive: proof of the command where it is what was written."""
    if answer.profiles is None or command.state not in ("accepted", "unknown"):
        return command
    resolution, kept = profile_setting.shown_by_archive(command, answer.profiles, now_ms=to_ms(work.now))
    return _follow(work, command, resolution, read_back=kept)


def _task_of(work: ControlWork, command: Command) -> AnyTask:
    device = device_of(work.registry, command.device)
    if command.kind == clock_setting.KIND:
        return clock_setting.set_task(work, command, device=device)
    if command.kind == profile_setting.KIND:
        return profile_setting.set_task(command, device=device)
    limiting.check(work, device, kind=command.kind, beside=command.id)
    return task_of(command, device=device, now_ms=to_ms(work.now))


def _read_back_of(command: Command, device: Device, now_ms: int) -> AnyTask:
    how = _READ_BACKS.get(KINDS[command.kind].proof, read_back_of)
    return how(command, device=device, now_ms=now_ms)


def _hold_to_rules(work: ControlWork, command: Command, device: Device) -> Command:
    """Refuse a cut where supply is guaranteed, or limited already."""
    if not KINDS[command.kind].guarded or command.state not in ("ordered", "approved"):
        return command
    reasons = [reason for point in device.usage_points if (reason := work.guarantees.of(usage_point=point, now=work.now))]
    note = f"supply is guaranteed: {reasons[0]}" if reasons else _against(work, command, device)
    return work.commands.move(id=command.id, move="refuse", actor=_RULE, note=note) if note else command


def _against(work: ControlWork, command: Command, device: Device) -> str:
    try:
        limiting.check(work, device, kind=command.kind, beside=command.id)
    except Invalid as cause:
        return cause.what
    return ""


def _follow(work: ControlWork, command: Command, resolution: Resolution, **values: object) -> Command:
    if resolution.move is None:
        return command
    _changed(work, command)
    return work.commands.move(id=command.id, move=resolution.move, actor=_CARRIER, note=resolution.note, **values)


def _changed(work: ControlWork, command: Command) -> None:
    work.changed("commands")
    work.changed(f"command/{command.id}")


def _kind_of_order(device: Device, *, restores: bool) -> str:
    if device.protocol == "dlt645":
        return "reconnect" if restores else "disconnect"
    return "open_valve" if restores else "close_valve"


def _as_json(values: Sequence[Value]) -> dict[str, object]:
    return {"values": [{"item": value.item, "at": value.at, "value": value.value} for value in values]}
