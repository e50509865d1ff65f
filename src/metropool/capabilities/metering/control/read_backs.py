"""When a command is read back, and what that shows of it. Times Unix ms."""

from datetime import timedelta

from metropool.capabilities.metering.control import clock_setting, limiting
from metropool.capabilities.metering.control.model import SETTLE_MS, Resolution, after_read_back, shown_by
from metropool.capabilities.metering.frontend.tasks import Value
from metropool.facts.commands import KINDS, Command

READ_BACK_EVERY = timedelta(seconds=30)
"""A device that was just ordered is read again at once; one whose order is unknown or late, so often."""

GIVEN_UP_AFTER = timedelta(days=1)
_SLOWEST_MS = 60_000


def is_read_back_due(command: Command, *, now_ms: int) -> bool:
    """Of those that need proof; an unknown one is given up after a day: it stays unknown, and is shown so."""
    since, asked_at = limiting.looked_for_since(command), command.asked_at
    if command.state != "accepted" and asked_at is not None and now_ms - asked_at < _ms(READ_BACK_EVERY):
        return False
    return KINDS[command.kind].proof != "value" and now_ms - since < _ms(GIVEN_UP_AFTER)


def is_settled(command: Command, *, service: str, now_ms: int) -> bool:
    """The device has had its time; of one that ends by itself, for its end."""
    is_clock = KINDS[command.kind].proof == "clock"
    settles_ms = clock_setting.SETTLES_MS if is_clock else SETTLE_MS.get(service, _SLOWEST_MS)
    if command.state == "holding":
        return now_ms - limiting.looked_for_since(command) >= settles_ms
    since = command.answered_at or command.sent_at or command.created_at
    return command.state == "unknown" or now_ms - since >= settles_ms


def shown_by_supply(command: Command, seen: Value, *, now_ms: int, service: str) -> Resolution:
    """What a relay or valve that was read back makes of a command."""
    settle_ms = SETTLE_MS.get(service, _SLOWEST_MS)
    if command.kind == limiting.KIND:
        return limiting.shown_by_relay(command, item=seen.item, value=seen.value, now_ms=now_ms, settle_ms=settle_ms)
    shown = shown_by(kind=command.kind, item=seen.item, value=seen.value)
    return after_read_back(command, shown=shown, now_ms=now_ms, settle_ms=settle_ms)


def _ms(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)
