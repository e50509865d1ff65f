"""Tells merchants about payments, as well or as badly as the behaviour of the order says."""

import asyncio
import json
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cityinabox.clock import CityClock, iso
from cityinabox.payment.mandates import Mandates
from cityinabox.payment.signing import Signer
from cityinabox.payment.store import Behaviour, Row, Store

PAUSE_S = 0.1
"""Machine seconds between two looks for notices that are due, so also between repeated deliveries."""
FOREIGN = Signer(Ed25519PrivateKey.from_private_bytes(b"not the key of the channel......"))


def notice_body(order: Row, behaviour: Behaviour) -> bytes:
    """The body of a notice."""
    told = {name: order[name] for name in ("merchant_id", "order_id")}
    told |= {"channel_reference": order["reference"], "amount_fen": order["amount_fen"] + behaviour.amount_offset_fen}
    told |= {"currency": "CNY", "status": "paid", "paid_at": iso(order["decided_at"])}
    return json.dumps(told, separators=(",", ":")).encode()


def mandate_body(mandate: Row, behaviour: Behaviour) -> bytes:
    """The body of a notice about a mandate."""
    told = {name: mandate[name] for name in ("merchant_id", "mandate_id", "status")}
    told |= {"channel_reference": mandate["reference"], "limit_fen": mandate["limit_fen"] + behaviour.amount_offset_fen}
    told |= {"currency": "CNY", "decided_at": iso(mandate["decided_at"])}
    return json.dumps(told, separators=(",", ":")).encode()


def notice_headers(signer: Signer, url: str, body: bytes, now_s: int, behaviour: Behaviour) -> dict[str, str]:
    """Timestamp and signature of a notice to ``url``."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    signature = (FOREIGN if behaviour.signature == "foreign" else signer).sign("POST", path, str(now_s), body)
    if behaviour.signature == "bad":
        signature = f"{int(signature[0], 16) ^ 1:x}{signature[1:]}"
    headers = {"content-type": "application/json", "x-timestamp": str(now_s), "x-signature": signature}
    if behaviour.signature == "missing":
        del headers["x-signature"]
    return headers


async def deliver_notices(store: Store, mandates: Mandates, signer: Signer, clock: CityClock) -> None:
    """Deliver what is due, for ever; what was due before a stop is delivered after it."""
    async with httpx.AsyncClient(timeout=5.0, trust_env=False) as client:
        while True:
            for notice in store.due_notices(int(clock.time())):
                await _deliver(store, mandates, signer, clock, client, notice)
            await asyncio.sleep(PAUSE_S)


async def _deliver(
    store: Store, mandates: Mandates, signer: Signer, clock: CityClock, client: httpx.AsyncClient, notice: Row
) -> None:
    reference = notice["reference"]
    order = store.order(reference)
    about = order or mandates.by_reference(reference)
    behaviour = store.behaviour(about["order_id" if order else "mandate_id"]) if about else Behaviour(times=0)
    if about is None or behaviour.times == 0:
        store.drop_notice(reference)
        return
    body = notice_body(about, behaviour) if order else mandate_body(about, behaviour)
    now_s, url = int(clock.time()), about["notify_url"]
    is_accepted = False
    with suppress(httpx.HTTPError):
        answer = await client.post(url, content=body, headers=notice_headers(signer, url, body, now_s, behaviour))
        is_accepted = answer.status_code == 200 and answer.text.strip().lower() == "success"
    pause_s = 0 if is_accepted else min(60, 2 ** notice["attempts"]) * clock.speed
    store.note_delivery(reference, is_accepted=is_accepted, times=behaviour.times, next_s=int(clock.time() + pause_s))
