"""Limiting supply (限时停电): the relay opens and, after some minutes, closes by itself.

When it may be ordered, when supply is back at the latest, and what its read-backs say. The minutes count from the actual
opening, which we only see afterwards: every instant named here is an upper bound. Source: ``devices/dlt645/README.md``, level U.
"""

from datetime import timedelta

from metropool.capabilities.metering.control.devices import Device
from metropool.capabilities.metering.control.model import Resolution, after_read_back, shown_by
from metropool.capabilities.metering.ports import ControlWork
from metropool.core.errors import Invalid
from metropool.devices.dlt645.requests import LIMIT_MIN_MAX, LIMIT_STEP_MIN
from metropool.facts.commands import Command, Draft
from metropool.facts.commands.commands import to_ms

KIND = "limit_supply"
DELIVERY_MS = LIMIT_STEP_MIN * 60_000
"""How long the frame is valid after sending: no longer than the shortest limit. One that arrives later, or again after supply came
back, is refused by the meter; one repeated before may at most make it count again, within ``back_at_latest``."""

CLOSES_WITHIN_MS = 60_000
"""How long after the last possible instant a relay may still be open before that is believed."""

BACK = "supply came back by itself"
RESTORED = "another order restored supply"
NOT_BACK = "supply has not come back by itself"
NOT_SEEN = "it may have been off and be back"
_CUTS = frozenset({"disconnect", KIND})
_SENT = frozenset({"sent", "accepted", "holding", "confirmed", "unknown"})


def check_draft(draft: Draft, device: Device) -> None:
    """What a limit asks of its meter and its minutes, whatever the hour.

    Raises:
        Invalid: The meter has no such order, or no such time.
    """
    if draft.kind != KIND:
        return
    if device.protocol != "dlt645":
        raise Invalid(f"a {device.protocol} meter has no order that ends by itself", key="metering.limit_no_order")
    minutes = draft.minutes or 0
    if minutes % LIMIT_STEP_MIN or not LIMIT_STEP_MIN <= minutes <= LIMIT_MIN_MAX:
        raise Invalid("a limit lasts 5 to 1275 minutes, by fives", key="metering.limit_minutes")


def check(work: ControlWork, device: Device, *, kind: str, beside: str = "") -> None:
    """Whether supply may be cut now, with a limit or for good; ``beside`` is the command that is about to.

    Raises:
        Invalid: A limit is under way, which a second one would lengthen and a cut for good not outlast for sure; or, for a
            limit, supply was cut already and would come back, or the meter's clock, which judges the expiry, is off.
    """
    if kind not in _CUTS:
        return
    if running(work, device.id, beside=beside) is not None:
        raise Invalid("a limit is under way", key="metering.limit_running")
    if kind == KIND and any(row.kind == "disconnect" for row in _unrestored(work, device.id, beside)):
        raise Invalid("supply is cut: a limit would restore it", key="metering.limit_cut_already")
    clock = work.clocks.of([device.id]).get(device.id) if kind == KIND else None
    if clock is not None and clock.off_since is not None:
        raise Invalid("the meter's clock is off", key="metering.limit_clock_off")


def running(work: ControlWork, device_id: str, *, beside: str = "") -> Command | None:
    """The limit that holds supply off, or may; None when its end, or that supply was restored since, was read back."""
    limits = [row for row in _unrestored(work, device_id, beside) if row.kind == KIND]
    return next((row for row in reversed(limits) if _may_run(row, to_ms(work.now))), None)


def valid_until(command: Command, *, sent_at: int) -> int:
    """Until when the meter may begin a limit [Unix ms, by the meter's clock]."""
    return min(command.expires_at, sent_at + DELIVERY_MS)


def back_by(command: Command) -> int | None:
    """When supply is back by itself [Unix ms]: from when it was first seen off; None while it was not."""
    return None if command.held_at is None else command.held_at + _lasts_ms(command)


def back_at_latest(command: Command) -> int:
    """When supply is back even if the frame came late or twice [Unix ms]; only a relay that waits for its load is later."""
    sent_at = command.sent_at or command.created_at
    return max(valid_until(command, sent_at=sent_at), command.held_at or 0) + _lasts_ms(command)


def looked_for_since(command: Command) -> int:
    """From when on read-backs look for the effect of a command, or for the end of a limit that was seen [Unix ms]."""
    by = back_by(command) if command.kind == KIND else None
    return command.sent_at or command.created_at if by is None else by


def shown_by_relay(command: Command, *, item: int, value: int, now_ms: int, settle_ms: int) -> Resolution:
    """What the relay's state says about a limit.

    Open is the limit at work, closed after that its end. Closed where it was never seen open is a refusal only while it could
    not be over yet; later nobody knows, unless the relay still waits for its load.
    """
    is_open, still_waits = value & 1 == 1, value & 2 == 2
    if command.held_at is not None:
        return _after_hold(command, is_open=is_open, now_ms=now_ms)
    if is_open:
        return Resolution("hold", "supply is off")
    if still_waits or now_ms < (command.sent_at or command.created_at) + _lasts_ms(command):
        shown = shown_by(kind=command.kind, item=item, value=value)
        return after_read_back(command, shown=shown, now_ms=now_ms, settle_ms=settle_ms)
    return Resolution("lose" if command.state == "accepted" else None, NOT_SEEN)


def end_with(work: ControlWork, restoring: Command) -> list[Command]:
    """Limits that a confirmed reconnection ended; their supply was read back with it."""
    rows = work.commands.recent(device=restoring.device, kinds=[KIND])
    ended = [row for row in rows if row.state in ("holding", "unknown") and row.held_at and row.sent_at]
    return [work.commands.move(id=row.id, move="confirm", actor="front end", note=RESTORED) for row in ended]


def lose_overdue(work: ControlWork, *, patience: timedelta) -> list[Command]:
    """Limits whose end nobody could read back in time."""
    bound = to_ms(work.now) - patience // timedelta(milliseconds=1)
    due = [row for row in work.commands.in_state("holding") if back_at_latest(row) <= bound]
    return [work.commands.move(id=row.id, move="lose", actor="clock", note="no proof that supply came back") for row in due]


def _unrestored(work: ControlWork, device_id: str, beside: str) -> list[Command]:
    """Cuts that reached the relay, or may have, after supply was last restored for sure; oldest first."""
    rows = work.commands.recent(device=device_id, kinds=[*_CUTS, "reconnect"])
    sent = sorted((row for row in rows if row.sent_at and row.id != beside), key=lambda row: row.sent_at or 0)
    restored = [i for i, row in enumerate(sent) if row.kind == "reconnect" and row.state == "confirmed"]
    return [row for row in sent[restored[-1] + 1 if restored else 0 :] if row.kind in _CUTS and row.state in _SENT]


def _after_hold(command: Command, *, is_open: bool, now_ms: int) -> Resolution:
    if not is_open:
        return Resolution("confirm", BACK)
    is_late = command.state == "holding" and now_ms >= back_at_latest(command) + CLOSES_WITHIN_MS
    return Resolution("lose" if is_late else None, NOT_BACK)


def _may_run(command: Command, now_ms: int) -> bool:
    if command.state == "confirmed":
        return False
    return command.state != "unknown" or command.held_at is not None or now_ms < back_at_latest(command)


def _lasts_ms(command: Command) -> int:
    return (command.minutes or 0) * 60_000
