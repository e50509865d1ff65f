"""Paying: what is owed, payments, receipts, and the payment channel's notices."""

import asyncio
from typing import Any

from fastapi import Response

from metropool.core.texts import Language
from metropool.portal.call import Call, CallOf, answer, site_url
from metropool.portal.declare import SIGNED, Room, on_account
from metropool.portal.documents.receipt import render_receipt
from metropool.portal.listing import ListingOf, list_rows
from metropool.portal.ports.asked import Asked
from metropool.portal.ports.desks import HOUSEHOLDS
from metropool.portal.routes.resident import document
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.paying import Dues, Mandate, NewMandate, NewPayment, NewTopUp, Payment

ROOM = Room("payments", of="settlement")
READ, PAY = on_account("home.read"), on_account("payments.create")
PAYMENT = "resident_payment"


@ROOM.get("/households/{a}/dues", right=READ, answer=Dues)
async def get_dues(call: CallOf, a: str) -> Response:
    """All that is owed, by company and bill."""
    return answer(await call.ask(HOUSEHOLDS, lambda desk: desk.dues(account=a)))


@ROOM.post("/households/{a}/payments", right=PAY, answer=Payment, status=201, once=True, phrase=PAYMENT)
async def pay(call: CallOf, a: str, wanted: NewPayment) -> Response:
    """Open a payment; the browser then goes to the channel."""
    by = call.person.login
    back = f"{site_url(call)}/pay/result/{a}"
    return await call.do_once(HOUSEHOLDS, lambda desk: desk.pay(account=a, wanted=wanted, by=by, return_url=back), status=201)


@ROOM.post("/households/{a}/top-ups", right=PAY, answer=Payment, status=201, once=True, phrase=PAYMENT)
async def top_up(call: CallOf, a: str, wanted: NewTopUp) -> Response:
    """Open a payment for the credit balance; the browser then goes to the channel."""
    return await call.do_once(HOUSEHOLDS, lambda desk: desk.top_up(account=a, wanted=wanted), status=201)


@ROOM.get("/households/{a}/payments", right=READ, answer=Page[Payment])
async def list_payments(call: CallOf, a: str, listing: ListingOf) -> Response:
    """The payments of a home, newest first."""

    async def fetch(asked: Asked) -> Page[Payment]:
        return await call.ask(HOUSEHOLDS, lambda desk: desk.payments(account=a, asked=asked))

    return await list_rows(listing, Payment, f"payments-{a}", fetch)


@ROOM.get("/households/{a}/payments/{reference}", right=READ, answer=Payment)
async def get_payment(call: CallOf, a: str, reference: str) -> Response:
    """One payment, as the platform knows it."""
    return answer(await call.ask(HOUSEHOLDS, lambda desk: desk.payment(account=a, reference=reference)))


@ROOM.get("/households/{a}/payments/{reference}/receipt", right=READ, media="application/pdf")
async def get_receipt(call: CallOf, a: str, reference: str, language: Language = "zh") -> Response:
    """The receipt of a payment that succeeded."""
    payment = await call.ask(HOUSEHOLDS, lambda desk: desk.payment(account=a, reference=reference))
    homes = await call.ask(HOUSEHOLDS, lambda desk: desk.households(accounts=[a]))
    body = await asyncio.to_thread(render_receipt, payment, homes[0], language)
    return document(body, f"receipt-{payment.receipt_number}")


@ROOM.post("/households/{a}/mandates", right=PAY, answer=Mandate, status=201, once=True, phrase=PAYMENT)
async def open_mandate(call: CallOf, a: str, wanted: NewMandate) -> Response:
    """Ask for automatic payment; the browser then goes to the channel to sign it."""
    return await call.do_once(HOUSEHOLDS, lambda desk: desk.open_mandate(account=a, wanted=wanted), status=201)


@ROOM.get("/households/{a}/mandates/{mandate}", right=READ, answer=Mandate)
async def get_mandate(call: CallOf, a: str, mandate: str) -> Response:
    """One mandate of a home."""
    return answer(await call.ask(HOUSEHOLDS, lambda desk: desk.mandate(account=a, mandate=mandate)))


@ROOM.post("/households/{a}/mandates/{mandate}/revocation", right=PAY, answer=Mandate, phrase=PAYMENT)
async def revoke_mandate(call: CallOf, a: str, mandate: str) -> Response:
    """End automatic payment, at once."""
    return answer(await call.do(HOUSEHOLDS, lambda desk: desk.revoke_mandate(account=a, mandate=mandate)))


@ROOM.route("POST", "/payment-channels/{channel}/mandate-notices", right=SIGNED, media="text/plain")
async def hear_mandate_notice(call: CallOf, channel: str) -> Response:
    """A payment channel's signed notice of what became of a mandate."""
    told = await _told(call)
    heard = await call.do(HOUSEHOLDS, lambda desk: desk.hear_mandate_notice(channel=channel, **told))
    return Response(heard.result, media_type="text/plain")


@ROOM.route("POST", "/payment-channels/{channel}/notices", right=SIGNED, media="text/plain")
async def hear_notice(call: CallOf, channel: str) -> Response:
    """A payment channel's signed notice; it may come any number of times and has one effect."""
    told = await _told(call)
    heard = await call.do(HOUSEHOLDS, lambda desk: desk.hear_notice(channel=channel, **told))
    return Response(heard.result, media_type="text/plain")


async def _told(call: Call) -> dict[str, Any]:
    """A notice as it came: where to, when and by whom it was signed, and its body."""
    headers = call.request.headers
    return {
        "path": call.request.url.path,
        "timestamp": headers.get("X-Timestamp", ""),
        "signature": headers.get("X-Signature", ""),
        "body": await call.request.body(),
    }
