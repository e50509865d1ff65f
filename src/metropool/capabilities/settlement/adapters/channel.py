"""A payment channel over HTTP: signed requests out, signed answers and notices in. Nothing unsigned is believed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from metropool.capabilities.settlement.model import MandateNotice, PaymentNotice, Refused, Wire
from metropool.core.clock import Clock
from metropool.core.errors import Invalid, NotFound, Unavailable
from metropool.core.money import Fen
from metropool.core.periods import in_utc

TIMEOUT_S = 5.0
STALE_S = 7 * 86_400


@dataclass(frozen=True)
class HttpChannel:
    """One payment channel, as its merchant sees it.

    Attributes:
        name: Our name for it.
        url: Where it answers.
        merchant: Our id with it.
        key: Our signing key.
        channel_key: The channel's public key, from our own settings.
        clock: Both sides' business clock.
    """

    name: str
    url: str
    merchant: str
    key: Ed25519PrivateKey
    channel_key: Ed25519PublicKey
    clock: Clock

    async def create_order(
        self, *, order: str, amount_fen: Fen, title: str, return_url: str, notify_url: str
    ) -> tuple[str, Wire]:
        """See ``ports.Channel``."""
        body = {"order_id": order, "amount_fen": amount_fen, "currency": "CNY", "title": title}
        answer, wire = await self._call("POST", "/orders", {**body, "return_url": return_url, "notify_url": notify_url})
        return str(answer["pay_url"]), wire

    async def query_order(self, *, order: str) -> PaymentNotice | None:
        """See ``ports.Channel``."""
        answer, wire = await self._call("GET", f"/orders/{quote(order, safe='')}", None)
        return None if answer["status"] == "open" else self._notice(answer, wire.answered)

    async def refund(self, *, refund: str, order: str, amount_fen: Fen, reason: str) -> Wire:
        """See ``ports.Channel``."""
        body = {"refund_id": refund, "order_id": order, "amount_fen": amount_fen, "reason": reason}
        return (await self._call("POST", "/refunds", body))[1]

    async def create_mandate(
        self, *, mandate: str, limit_fen: Fen, title: str, return_url: str, notify_url: str
    ) -> tuple[str, Wire]:
        """See ``ports.Channel``."""
        body = {"mandate_id": mandate, "limit_fen": limit_fen, "title": title}
        answer, wire = await self._call("POST", "/mandates", {**body, "return_url": return_url, "notify_url": notify_url})
        return str(answer["sign_url"]), wire

    async def query_mandate(self, *, mandate: str) -> MandateNotice | None:
        """See ``ports.Channel``."""
        answer, wire = await self._call("GET", f"/mandates/{quote(mandate, safe='')}", None)
        return None if answer["status"] == "open" else self._mandate_notice(answer, wire.answered)

    async def revoke_mandate(self, *, mandate: str) -> Wire:
        """See ``ports.Channel``."""
        return (await self._call("POST", f"/mandates/{quote(mandate, safe='')}/revocation", {}))[1]

    async def charge(self, *, order: str, amount_fen: Fen, mandate: str, title: str, return_url: str, notify_url: str) -> Wire:
        """See ``ports.Channel``."""
        body = {"order_id": order, "amount_fen": amount_fen, "currency": "CNY", "title": title, "mandate_id": mandate}
        return (await self._call("POST", "/orders", {**body, "return_url": return_url, "notify_url": notify_url}))[1]

    def read_notice(self, *, path: str, timestamp: str, signature: str, body: bytes) -> PaymentNotice:
        """Believe a notice only when the channel's key signed it, for us, lately.

        Raises:
            Invalid: Wrong signature, another merchant, a stale or broken notice.
        """
        wire = signed_bytes("POST", path, timestamp, signature, body)
        return self._notice(self._believed(path, timestamp, signature, body), wire)

    def read_mandate_notice(self, *, path: str, timestamp: str, signature: str, body: bytes) -> MandateNotice:
        """Believe a notice about a mandate, as ``read_notice`` does one about a payment.

        Raises:
            Invalid: Wrong signature, another merchant, a stale or broken notice.
        """
        wire = signed_bytes("POST", path, timestamp, signature, body)
        return self._mandate_notice(self._believed(path, timestamp, signature, body), wire)

    def _believed(self, path: str, timestamp: str, signature: str, body: bytes) -> Mapping[str, Any]:
        self._verify("POST", path, timestamp, body, signature)
        if abs(self.clock.now().timestamp() - float(timestamp)) > STALE_S:
            raise Invalid("the notice is stale")
        content = _read(body)
        if content.get("merchant_id") != self.merchant:
            raise Invalid("the notice is for another merchant")
        return content

    def _mandate_notice(self, content: Mapping[str, Any], wire: bytes) -> MandateNotice:
        try:
            return MandateNotice(
                channel=self.name,
                reference=str(content["channel_reference"]),
                mandate=str(content["mandate_id"]),
                limit_fen=int(content["limit_fen"]),
                status=str(content["status"]),
                wire=wire,
            )
        except (KeyError, TypeError, ValueError) as cause:
            raise Invalid(f"the notice lacks or garbles {cause}") from cause

    def _notice(self, content: Mapping[str, Any], wire: bytes) -> PaymentNotice:
        try:
            return PaymentNotice(
                channel=self.name,
                reference=str(content["channel_reference"]),
                order=str(content["order_id"]),
                amount_fen=int(content["amount_fen"]),
                currency=str(content["currency"]),
                status="paid" if content["status"] == "paid" else "cancelled",
                paid_at=_instant(content.get("paid_at")),
                wire=wire,
            )
        except (KeyError, TypeError, ValueError) as cause:
            raise Invalid(f"the notice lacks or garbles {cause}") from cause

    async def _call(self, method: str, path: str, content: Mapping[str, Any] | None) -> tuple[Mapping[str, Any], Wire]:
        body = b"" if content is None else json.dumps(content, ensure_ascii=False).encode()
        timestamp = str(int(self.clock.now().timestamp()))
        signature = self.key.sign(signed_text(method, path, timestamp, body)).hex()
        headers = {"x-merchant": self.merchant, "x-timestamp": timestamp, "x-signature": signature}
        try:
            async with httpx.AsyncClient(base_url=self.url, timeout=TIMEOUT_S, trust_env=False) as client:
                answer = await client.request(method, path, content=body, headers=headers)
        except httpx.HTTPError as cause:
            raise Unavailable(f"the payment channel {self.name} does not answer: {cause or type(cause).__name__}") from cause
        answered_at, by = answer.headers.get("x-timestamp", ""), answer.headers.get("x-signature", "")
        self._verify("ANSWER", path, answered_at, answer.content, by)
        told = _read(answer.content)
        wire = Wire(
            said=signed_bytes(method, path, timestamp, signature, body),
            answered=signed_bytes("ANSWER", path, answered_at, by, answer.content),
        )
        if answer.status_code == 409:
            raise Refused(f"the payment channel {self.name} refused: {told.get('error')}", wire=wire)
        if answer.status_code == 404:
            raise NotFound(f"the payment channel {self.name} knows no {path}: {told.get('error')}")
        if answer.status_code != 200:
            raise Unavailable(f"the payment channel {self.name} answered {answer.status_code}: {told.get('error')}")
        return told, wire

    def _verify(self, method: str, path: str, timestamp: str, body: bytes, signature: str) -> None:
        try:
            self.channel_key.verify(bytes.fromhex(signature), signed_text(method, path, timestamp, body))
        except (InvalidSignature, ValueError) as cause:
            raise Invalid(f"not signed by the payment channel {self.name}") from cause


def signed_text(method: str, path: str, timestamp: str, body: bytes) -> bytes:
    """What a signature is made over."""
    return "\n".join((method, path, timestamp, hashlib.sha256(body).hexdigest())).encode()


def signed_bytes(method: str, path: str, timestamp: str, signature: str, body: bytes) -> bytes:
    """What evidence of it is made of: all that was signed, and the signature; docs/integrators.md says so too."""
    return "\n".join((method, path, timestamp, signature, "")).encode() + body


def _instant(text: Any) -> datetime | None:
    """An instant with its offset as a channel words it.

    Raises:
        ValueError: No such thing.
    """
    return None if text is None else in_utc(datetime.fromisoformat(text))


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        content = json.loads(body)
    except ValueError as cause:
        raise Invalid("the payment channel's body is no JSON") from cause
    if not isinstance(content, dict):
        raise Invalid("the payment channel's body is no object")
    return content
