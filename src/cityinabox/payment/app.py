"""The channel's HTTP interface; PAYMENT.md is its contract."""

import csv
import io
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from cityinabox.clock import CityClock, iso, unix
from cityinabox.payment.mandates import Mandates
from cityinabox.payment.pages import checkout_page, language, mandate_page, missing_page
from cityinabox.payment.signing import ANSWER, Signer, is_signed, signed_text
from cityinabox.payment.store import Refused, Row, Store, read_behaviour

SKEW_S = 86400
LARGEST_BODY = 16384
SAFE = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}
STATUS_OF = {
    "bad_signature": 401,
    "unknown_merchant": 401,
    "stale": 401,
    "no_such_order": 404,
    "no_such_mandate": 404,
    "bad_request": 422,
}


@dataclass(frozen=True)
class Channel:
    """The channel's handlers."""

    store: Store
    mandates: Mandates
    signer: Signer
    clock: CityClock
    merchants: Mapping[str, str]

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/key", self.tell_key),
                Route("/orders", self.open_order, methods=["POST"]),
                Route("/orders/{order_id}", self.tell_order),
                Route("/mandates", self.open_mandate, methods=["POST"]),
                Route("/mandates/{mandate_id}", self.tell_mandate),
                Route("/mandates/{mandate_id}/revocation", self.revoke_mandate, methods=["POST"]),
                Route("/sign/{reference}", self.sign, methods=["GET", "POST"]),
                Route("/refunds", self.refund, methods=["POST"]),
                Route("/statements/{day}", self.tell_statement),
                Route("/pay/{reference}", self.checkout, methods=["GET", "POST"]),
                Route("/admin/behaviour", self.behave, methods=["POST"]),
            ],
            exception_handlers={Refused: self._refuse},
        )

    async def tell_key(self, _: Request) -> Response:
        return JSONResponse({"public_key": self.signer.public_key})

    async def open_order(self, request: Request) -> Response:
        body = await self._signed_body(request)
        order: Row = {name: _text(body, name) for name in ("order_id", "return_url", "notify_url")}
        order |= {"title": _text(body, "title"), "merchant_id": request.headers["x-merchant"]}
        urls_ok = all(urlsplit(order[name]).scheme in ("http", "https") for name in ("return_url", "notify_url"))
        if not urls_ok or body.get("currency") != "CNY":
            raise Refused("bad_request")
        order |= {"amount_fen": _amount(body, "amount_fen")}
        reference, now_s = secrets.token_urlsafe(15), self._now()
        if "mandate_id" in body:
            return self._signed(request, _told(self.mandates.charge(order, _text(body, "mandate_id"), reference, now_s)))
        kept = self.store.open_order(order, reference, now_s)
        pay_url = str(request.url_for("checkout", reference=kept["reference"]))
        return self._signed(request, _told(kept) | {"pay_url": pay_url})

    async def tell_order(self, request: Request) -> Response:
        await self._signed_body(request)
        order = self.store.order_of(request.headers["x-merchant"], request.path_params["order_id"])
        if order is None:
            raise Refused("no_such_order")
        return self._signed(request, _told(order))

    async def open_mandate(self, request: Request) -> Response:
        body = await self._signed_body(request)
        mandate: Row = {name: _text(body, name) for name in ("mandate_id", "title", "return_url", "notify_url")}
        mandate |= {"merchant_id": request.headers["x-merchant"], "limit_fen": _amount(body, "limit_fen")}
        if not all(urlsplit(mandate[name]).scheme in ("http", "https") for name in ("return_url", "notify_url")):
            raise Refused("bad_request")
        kept = self.mandates.open(mandate, secrets.token_urlsafe(15))
        return self._signed(request, _mandate(kept) | {"sign_url": str(request.url_for("sign", reference=kept["reference"]))})

    async def tell_mandate(self, request: Request) -> Response:
        await self._signed_body(request)
        mandate = self.mandates.of(request.headers["x-merchant"], request.path_params["mandate_id"])
        if mandate is None:
            raise Refused("no_such_mandate")
        return self._signed(request, _mandate(mandate))

    async def revoke_mandate(self, request: Request) -> Response:
        await self._signed_body(request)
        merchant, mandate_id = request.headers["x-merchant"], request.path_params["mandate_id"]
        return self._signed(request, _mandate(self.mandates.revoke(merchant, mandate_id, self._now())))

    async def sign(self, request: Request) -> Response:
        lang = language(request.query_params.get("lang"), request.headers.get("accept-language", ""))
        reference = request.path_params["reference"]
        if request.method == "POST":
            action = parse_qs((await request.body())[:200].decode("ascii", "replace")).get("action", [""])[0]
            decided = {"sign": "signed", "decline": "declined"}.get(action)
            mandate = self.mandates.decide(reference, decided, self._now()) if decided else None
            if mandate:
                return RedirectResponse(mandate["return_url"], 303)
        mandate = self.mandates.by_reference(reference)
        if mandate is None:
            return HTMLResponse(missing_page(lang), 404, SAFE)
        return HTMLResponse(mandate_page(mandate, lang), 200, SAFE)

    async def refund(self, request: Request) -> Response:
        body = await self._signed_body(request)
        refund = {name: _text(body, name) for name in ("refund_id", "order_id", "reason")}
        refund |= {"merchant_id": request.headers["x-merchant"]}
        kept = self.store.refund(refund | {"amount_fen": _amount(body, "amount_fen")}, self._now())
        told = {name: kept[name] for name in ("merchant_id", "refund_id", "order_id", "amount_fen")}
        return self._signed(request, told | {"currency": "CNY", "status": "done"})

    async def tell_statement(self, request: Request) -> Response:
        await self._signed_body(request)
        try:
            day = date.fromisoformat(request.path_params["day"])
        except ValueError as cause:
            raise Refused("bad_request") from cause
        rows = self.store.statement(request.headers["x-merchant"], unix(day.year, day.month, day.day))
        file = io.StringIO()
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("at", "kind", "order_id", "channel_reference", "refund_id", "amount_fen", "currency"))
        table.writerows((*row.values(), "CNY") for row in rows)
        return self._signed(request, file.getvalue().encode(), "text/csv; charset=utf-8")

    async def checkout(self, request: Request) -> Response:
        lang = language(request.query_params.get("lang"), request.headers.get("accept-language", ""))
        reference = request.path_params["reference"]
        if request.method == "POST":
            action = parse_qs((await request.body())[:200].decode("ascii", "replace")).get("action", [""])[0]
            decided = {"pay": "paid", "cancel": "cancelled"}.get(action)
            order = self.store.decide(reference, decided, self._now()) if decided else self.store.order(reference)
            if order and decided:
                return RedirectResponse(_with_outcome(order), 303)
        order = self.store.order(reference)
        if order is None:
            return HTMLResponse(missing_page(lang), 404, SAFE)
        return HTMLResponse(checkout_page(order, lang), 200, SAFE)

    async def behave(self, request: Request) -> Response:
        """For tests and demonstrations; from this machine only."""
        if request.client is None or request.client.host not in ("127.0.0.1", "::1", "testclient"):
            raise Refused("unknown_merchant")
        try:
            body = json.loads(await request.body())
            behaviour = read_behaviour(body["behaviour"])
            self.store.behave(body.get("order_id", ""), behaviour)
        except (ValueError, KeyError, TypeError, AttributeError) as cause:
            raise Refused("bad_request") from cause
        return JSONResponse({"behaviour": behaviour.text})

    def _now(self) -> int:
        return int(self.clock.time())

    async def _signed_body(self, request: Request) -> Row:
        """The body of a request of a known merchant, signed by it not long ago.

        Raises:
            Refused: It is not.
        """
        key = self.merchants.get(request.headers.get("x-merchant", ""))
        if key is None:
            raise Refused("unknown_merchant")
        body, stamp = await request.body(), request.headers.get("x-timestamp", "")
        if len(body) > LARGEST_BODY:
            raise Refused("bad_request")
        if not is_signed(key, request.headers.get("x-signature", ""), signed_text(request.method, _path(request), stamp, body)):
            raise Refused("bad_signature")
        if not stamp.isascii() or not stamp.isdigit() or abs(int(stamp[:12]) - self._now()) > SKEW_S:
            raise Refused("stale")
        try:
            told = json.loads(body) if body else {}
        except ValueError as cause:
            raise Refused("bad_request") from cause
        if not isinstance(told, dict):
            raise Refused("bad_request")
        return told

    def _signed(self, request: Request, told: Row | bytes, media_type: str = "application/json", status: int = 200) -> Response:
        body = told if isinstance(told, bytes) else json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        stamp = str(self._now())
        signature = self.signer.sign(ANSWER, _path(request), stamp, body)
        return Response(body, status, {"x-timestamp": stamp, "x-signature": signature}, media_type)

    async def _refuse(self, request: Request, error: Exception) -> Response:
        code = str(error)
        return self._signed(request, {"error": code}, status=STATUS_OF.get(code, 409))


def _told(order: Row) -> Row:
    told = {name: order[name] for name in ("merchant_id", "order_id", "amount_fen", "refunded_fen", "status")}
    told |= {"channel_reference": order["reference"], "currency": "CNY"}
    return told | ({"paid_at": iso(order["decided_at"])} if order["status"] == "paid" else {})


def _mandate(mandate: Row) -> Row:
    told = {name: mandate[name] for name in ("merchant_id", "mandate_id", "limit_fen", "status")}
    told |= {"channel_reference": mandate["reference"], "currency": "CNY"}
    return told | ({"decided_at": iso(mandate["decided_at"])} if mandate["decided_at"] is not None else {})


def _text(body: Row, name: str) -> str:
    value: Any = body.get(name, "")
    if not isinstance(value, str) or len(value) > 500 or (name.endswith("_id") and not value):
        raise Refused("bad_request")
    return value


def _amount(body: Row, name: str) -> int:
    amount: Any = body.get(name)
    if not isinstance(amount, int) or isinstance(amount, bool) or not 0 < amount <= 10**11:
        raise Refused("bad_request")
    return amount


def _path(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _with_outcome(order: Row) -> str:
    """The merchant's return address with the order and what became of it; a hint for the person, not a proof."""
    parts = urlsplit(order["return_url"])
    query = [*parse_qsl(parts.query), ("order_id", order["order_id"]), ("status", order["status"])]
    return urlunsplit(parts._replace(query=urlencode(query)))
