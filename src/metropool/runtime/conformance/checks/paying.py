"""From a payment in the resident's app to the channel, back to who clears it, and on to each company."""

from dataclasses import dataclass

import httpx

from metropool.runtime.conformance.checks.months import Row, bill_of, latest_bill, must_be
from metropool.runtime.conformance.checks.seeing import Seen, seen_letter, seen_spoken
from metropool.runtime.conformance.failed import Failed
from metropool.runtime.conformance.town.moments import unix_s
from metropool.runtime.conformance.town.records import order_at_channel
from metropool.runtime.conformance.town.town import Town
from metropool.runtime.conformance.ways import Way

CHANNEL = "payment-channel"
PAID = 303


@dataclass(frozen=True)
class Asked:
    """A payment as the app was told it, and when it was asked for [Unix s of the machine]."""

    payment: Row
    at_s: float


@dataclass(frozen=True)
class Ordered:
    """The order at the channel, in the channel's own record, and when it was there."""

    order: Row
    at_s: float


async def asked(town: Town, home: int = 0) -> Asked:
    """Ask to pay the whole combined bill of a home."""

    async def ask() -> Asked:
        await latest_bill(town, home)
        app, account = await town.resident(home)
        dues = await app.get(f"/households/{account}/dues")
        numbers = [bill["bill_number"] for each in dues["companies"] for bill in each["bills"] if bill["payable_fen"]]
        wanted = {"bill_numbers": numbers, "amount_fen": dues["payable_fen"], "channel": dues["channels"][0]["id"]}
        began = unix_s()
        return Asked(await app.post(f"/households/{account}/payments", wanted), began)

    return await town.once(("asked to pay", home), ask)


async def ordered(town: Town, home: int = 0) -> Ordered:
    """Wait until the channel has the order, of the amount that was asked for."""

    async def wait() -> Ordered:
        payment = (await asked(town, home)).payment

        async def look() -> Row | None:
            return order_at_channel(town.home, payment["reference"])

        order, at_s = await town.seen(look, needs=(town.host("settlement"), CHANNEL), what="order")
        must_be("amount_fen", payment["amount_fen"], order["amount_fen"])
        return Ordered(order, at_s)

    return await town.once(("ordered", home), wait)


async def paid(town: Town, home: int = 0) -> float:
    """Pay on the channel's own page, as a payer does; when."""

    async def pay() -> float:
        await ordered(town, home)
        app, account = await town.resident(home)
        reference = (await asked(town, home)).payment["reference"]

        async def look() -> str | None:
            url: str | None = (await app.get(f"/households/{account}/payments/{reference}"))["redirect_url"]
            return url

        page, _ = await town.seen(look, needs=(town.host("settlement"), CHANNEL), what="checkout")
        async with httpx.AsyncClient(trust_env=False, timeout=60.0) as payer:
            began = unix_s()
            answer = await payer.post(page, data={"action": "pay"})
        if answer.status_code != PAID:
            raise Failed("not_paid", status=answer.status_code)
        return began

    return await town.once(("paid", home), pay)


async def cleared(town: Town) -> tuple[Row, float]:
    """The payment as the app has it once who clears it was told of it, and when that was seen [Unix s of the machine]."""
    await paid(town)
    order, (app, account) = (await ordered(town)).order, await town.resident()

    async def look() -> Row | None:
        row: Row = await app.get(f"/households/{account}/payments/{order['order_id']}")
        return row if row["state"] == "succeeded" else None

    return await town.seen(look, needs=(town.host("settlement"), CHANNEL), what="notice")


async def resident_payment(town: Town, way: Way) -> Seen:
    """What the app asks to pay, among the payments of who clears it."""
    payment = await asked(town)
    app, account = await town.resident()

    async def look() -> Row | None:
        rows = (await app.get(f"/households/{account}/payments"))["rows"]
        return next((row for row in rows if row["reference"] == payment.payment["reference"]), None)

    row, at_s = await town.seen(look, needs=(way.receiver,), what="payment")
    must_be("amount_fen", (await latest_bill(town))[0]["total_fen"], row["amount_fen"])
    return await seen_spoken(town, way.letter, keeper=way.receiver, key=account, acted_s=payment.at_s, saw_s=at_s)


async def payment_order(town: Town, way: Way) -> Seen:
    """The order in the channel's own record."""
    order, payment = await ordered(town), await asked(town)
    key = payment.payment["reference"]
    return await seen_spoken(town, way.letter, keeper=way.sender, key=key, acted_s=payment.at_s, saw_s=order.at_s)


async def payment_notice(town: Town, way: Way) -> Seen:
    """A payment made at the channel, known to who clears it, to the fen."""
    began, order = await paid(town), (await ordered(town)).order
    row, at_s = await cleared(town)
    must_be("amount_fen", order["amount_fen"], row["amount_fen"])
    return await seen_spoken(town, way.letter, keeper=way.receiver, key=row["reference"], acted_s=began, saw_s=at_s)


async def allocated(town: Town, way: Way) -> Seen:
    """A company's part of the payment, on its own bill under the channel's reference."""
    began, reference = await paid(town), (await ordered(town)).order["reference"]
    client, issued = await town.company(way.receiver), (await bill_of(town, way.receiver)).bill

    async def look() -> Row | None:
        bill: Row = await client.get(f"/bills/{issued['bill_number']}")
        return bill if any(payment["reference"] == reference for payment in bill["payments"]) else None

    bill, at_s = await town.seen(look, needs=(way.sender, way.receiver), what="allocated")
    must_be("paid_fen", issued["amount_fen"], bill["paid_fen"])
    return await seen_letter(town, way, acted_s=began, saw_s=at_s)
