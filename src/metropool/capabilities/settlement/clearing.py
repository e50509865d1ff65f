"""What has to be said to payment channels, between units: new orders, refunds, and questions about orders nobody heard of again.

Every step starts from rows that survived a commit and ends in a unit, which also keeps the evidence of what was said; a crash in between
repeats a call that the channel takes once.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from metropool.capabilities.settlement import attesting, mandates, payments, refunds
from metropool.capabilities.settlement.model import Refused
from metropool.capabilities.settlement.ports import Channel, SettlementWork
from metropool.core.errors import Conflict, Invalid, NotFound, Unavailable
from metropool.exchange.evidence import Spoken

T = TypeVar("T")
ASKS_AFTER, ASKS_UNTIL = timedelta(minutes=2), timedelta(days=1)
"""How old an order is when its channel is asked for the first and for the last time."""
TITLES = {payments.BILLS: "Metropool 三单合一 combined bill", payments.TOP_UP: "Metropool 预存 prepayment"}
MANDATE_TITLE = "Metropool 自动缴费 automatic payment"
"""What a payer reads at the channel, which has one title for both languages."""


class Runner(Protocol):
    """Runs units of work of settlement."""

    async def read(self, query: Callable[[SettlementWork], T]) -> T: ...
    async def write(self, operation: Callable[[SettlementWork], T]) -> T: ...


class Places(Protocol):
    """Where payers and notices come back to."""

    def return_url(self, *, account: str, order: str) -> str: ...
    def notify_url(self, *, channel: str) -> str: ...
    def mandate_return_url(self, *, account: str) -> str: ...
    def mandate_notify_url(self, *, channel: str) -> str: ...


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
    orders = work.dues.young_orders(since=work.now - ASKS_UNTIL, state=("created", "pending", "expired", "failed"))
    given_up = (mandates.OVERTAKEN, mandates.REVOKED)
    asked = [
        row
        for row in orders
        if row["state"] in ("pending", "expired") or (row["state"] == "failed" and row["reason"] in given_up)
    ]
    silent = [row for row in asked if _is_silent(row, work.now)]
    new = [("charge" if row["mandate"] else "create", row) for row in orders if row["state"] == "created"]
    refunded = [("refund", row) for row in work.dues.refunds(state="ordered")]
    return [*_waiting_mandates(work), *new, *refunded, *(("ask", row) for row in silent)]


def _waiting_mandates(work: SettlementWork) -> list[tuple[str, Mapping[str, Any]]]:
    """Those that end come first: nothing is charged under them in the same round."""
    rows = work.dues.mandates(state=("created", "pending", "revoking"))
    steps = {"revoking": "revoke", "created": "sign"}
    known = [(steps[row["state"]], row) for row in rows if row["state"] in steps]
    silent = [("ask mandate", row) for row in rows if row["state"] == "pending" and _is_silent(row, work.now)]
    return [*sorted(known, key=lambda one: one[0]), *silent]


def _is_silent(row: Mapping[str, Any], now: datetime) -> bool:
    """Nobody said how it ended: asked for until a day after it was made."""
    age = now - datetime.fromisoformat(row["created_at"])
    return ASKS_AFTER <= age <= ASKS_UNTIL


async def _attempt(step: Awaitable[None]) -> int:
    try:
        await step
    except (Unavailable, Invalid, Conflict, NotFound):
        return 0
    return 1


async def _create(*, runner: Runner, channel: Channel, places: Places, row: Mapping[str, Any]) -> None:
    url, wire = await channel.create_order(
        order=row["id"],
        amount_fen=row["amount_fen"],
        title=TITLES[row["purpose"]],
        return_url=places.return_url(account=row["combined_account"], order=row["id"]),
        notify_url=places.notify_url(channel=channel.name),
    )
    spoken = attesting.told(channel=channel.name, kind="POST /orders", key=row["id"], wire=wire)
    await _keep(runner, spoken, lambda work: payments.note_redirect(work=work, order=row["id"], redirect_url=url))


async def _refund(*, runner: Runner, channel: Channel, places: Places, row: Mapping[str, Any]) -> None:  # noqa: ARG001
    wire = await channel.refund(refund=row["id"], order=row["payment_order"], amount_fen=row["amount_fen"], reason=row["reason"])
    spoken = attesting.told(channel=channel.name, kind="POST /refunds", key=row["id"], wire=wire)
    await _keep(runner, spoken, lambda work: refunds.note_done(work=work, refund=row["id"]))


async def _ask(*, runner: Runner, channel: Channel, places: Places, row: Mapping[str, Any]) -> None:  # noqa: ARG001
    notice = await channel.query_order(order=row["id"])
    if notice is not None:
        await runner.write(lambda work: payments.receive_notice(work=work, notice=notice))


async def _sign(*, runner: Runner, channel: Channel, places: Places, row: Mapping[str, Any]) -> None:
    url, wire = await channel.create_mandate(
        mandate=row["id"],
        limit_fen=row["limit_fen"],
        title=MANDATE_TITLE,
        return_url=places.mandate_return_url(account=row["combined_account"]),
        notify_url=places.mandate_notify_url(channel=channel.name),
    )
    spoken = attesting.told(channel=channel.name, kind="POST /mandates", key=row["id"], wire=wire)
    await _keep(runner, spoken, lambda work: mandates.note_signing_page(work=work, mandate=row["id"], redirect_url=url))


async def _ask_mandate(*, runner: Runner, channel: Channel, places: Places, row: Mapping[str, Any]) -> None:  # noqa: ARG001
    notice = await channel.query_mandate(mandate=row["id"])
    if notice is not None:
        await runner.write(lambda work: mandates.receive_mandate_notice(work=work, notice=notice))


async def _revoke(*, runner: Runner, channel: Channel, places: Places, row: Mapping[str, Any]) -> None:  # noqa: ARG001
    spoken = None
    try:
        wire = await channel.revoke_mandate(mandate=row["id"])
        spoken = attesting.told(channel=channel.name, kind="POST /mandates/{mandate_id}/revocation", key=row["id"], wire=wire)
    except NotFound:  # taken back before the channel ever heard of it
        pass
    await _keep(runner, spoken, lambda work: mandates.note_revoked(work=work, mandate=row["id"]))


async def _charge(*, runner: Runner, channel: Channel, places: Places, row: Mapping[str, Any]) -> None:
    order: str = row["id"]
    if await runner.read(lambda work: mandates.may_charge(work=work, order=order)) is None:
        await runner.write(lambda work: mandates.note_not_charged(work=work, order=order, reason=mandates.OVERTAKEN))
        return
    try:
        wire = await channel.charge(
            order=order,
            amount_fen=row["amount_fen"],
            mandate=row["mandate"],
            title=MANDATE_TITLE,
            return_url=places.return_url(account=row["combined_account"], order=order),
            notify_url=places.notify_url(channel=channel.name),
        )
    except Refused as refused:
        why = str(refused)
        spoken = attesting.told(channel=channel.name, kind="POST /orders", key=order, wire=refused.wire, outcome="refused")
        await _keep(runner, spoken, lambda work: mandates.note_not_charged(work=work, order=order, reason=why))
        return
    spoken = attesting.told(channel=channel.name, kind="POST /orders", key=order, wire=wire)
    await _keep(runner, spoken, lambda work: mandates.note_charged(work=work, order=order))


async def _keep(runner: Runner, spoken: Spoken | None, operation: Callable[[SettlementWork], None]) -> None:
    """Note what came of something a channel was told, and that it was told, in one unit."""

    def keep(work: SettlementWork) -> None:
        operation(work)
        if spoken is not None:
            work.attest(spoken)

    await runner.write(keep)


_STEPS = {
    "create": _create,
    "refund": _refund,
    "ask": _ask,
    "sign": _sign,
    "ask mandate": _ask_mandate,
    "revoke": _revoke,
    "charge": _charge,
}
