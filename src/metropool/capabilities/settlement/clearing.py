"""What has to be said to payment channels, between units: new orders, refunds, and questions about orders nobody heard of again.

Every step starts from rows that survived a commit and ends in a unit; a crash in between repeats a call that the channel takes once.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from metropool.capabilities.settlement import payments, refunds
from metropool.capabilities.settlement.ports import Channel, SettlementWork
from metropool.core.errors import Conflict, Invalid, Unavailable

T = TypeVar("T")
ASKS_AFTER = timedelta(minutes=2)
TITLES = {payments.BILLS: "Metropool 三单合一 combined bill", payments.TOP_UP: "Metropool 预存 prepayment"}
"""What a payer reads at the channel, which has one title for both languages."""


class Runner(Protocol):
    """Runs units of work of settlement."""

    async def read(self, query: Callable[[SettlementWork], T]) -> T: ...
    async def write(self, operation: Callable[[SettlementWork], T]) -> T: ...


class Places(Protocol):
    """Where payers and notices come back to."""

    def return_url(self, *, account: str, order: str) -> str: ...
    def notify_url(self, *, channel: str) -> str: ...


async def speak_to_channels(*, runner: Runner, channels: Mapping[str, Channel], places: Places) -> int:
    """Say everything that waits, once; returns how many steps succeeded. A channel that does not answer is tried next time."""
    waiting = await runner.read(_waiting)
    done = 0
    for kind, row in waiting:
        channel = channels.get(row["channel"])
        if channel is not None:
            done += await _attempt(_STEPS[kind](runner=runner, channel=channel, places=places, row=row))
    return done


def _waiting(work: SettlementWork) -> list[tuple[str, Mapping[str, Any]]]:
    orders = work.dues.orders(state=("created", "pending", "expired"))
    silent = [row for row in orders if row["state"] != "created" and _is_silent(row, work.now)]
    new = [("create", row) for row in orders if row["state"] == "created"]
    return [*new, *(("refund", row) for row in work.dues.refunds(state="ordered")), *(("ask", row) for row in silent)]


def _is_silent(row: Mapping[str, Any], now: datetime) -> bool:
    """Nobody said how it ended: asked for until a day after it was made."""
    age = now - datetime.fromisoformat(row["created_at"])
    return ASKS_AFTER <= age <= timedelta(days=1)


async def _attempt(step: Awaitable[None]) -> int:
    try:
        await step
    except (Unavailable, Invalid, Conflict):
        return 0
    return 1


async def _create(*, runner: Runner, channel: Channel, places: Places, row: Mapping[str, Any]) -> None:
    url = await channel.create_order(
        order=row["id"],
        amount_fen=row["amount_fen"],
        title=TITLES[row["purpose"]],
        return_url=places.return_url(account=row["combined_account"], order=row["id"]),
        notify_url=places.notify_url(channel=channel.name),
    )
    await runner.write(lambda work: payments.note_redirect(work=work, order=row["id"], redirect_url=url))


async def _refund(*, runner: Runner, channel: Channel, places: Places, row: Mapping[str, Any]) -> None:  # noqa: ARG001
    await channel.refund(refund=row["id"], order=row["payment_order"], amount_fen=row["amount_fen"], reason=row["reason"])
    await runner.write(lambda work: refunds.note_done(work=work, refund=row["id"]))


async def _ask(*, runner: Runner, channel: Channel, places: Places, row: Mapping[str, Any]) -> None:  # noqa: ARG001
    notice = await channel.query_order(order=row["id"])
    if notice is not None:
        await runner.write(lambda work: payments.receive_notice(work=work, notice=notice))


_STEPS = {"create": _create, "refund": _refund, "ask": _ask}
