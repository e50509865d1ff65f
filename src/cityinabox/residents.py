"""What a resident's browser does at the site, without the browser: sign in, see what is owed, pay, wait until the platform knows it."""

import asyncio
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from uuid import uuid4

import httpx

Row = dict[str, Any]
TRIES = 8
LONGEST_PAUSE_S = 10.0
BUSY = (429, 502, 503, 504)


class NotPaid(Exception):
    """Something a resident meant to do at the site did not happen; the text says what."""


@dataclass
class Resident:
    """One home at the site; use as ``async with``.

    Args:
        login: ``login``, ``password`` and ``account`` (combined account number).
        site: Client of the site; cookies are this resident's.
        outside: Client for the payment channel, which is another place.
        patience_s: How long to wait for a payment to be known [machine seconds].
        pause_s: Time between two looks, and of the first repeat.
    """

    login: Row
    site: httpx.AsyncClient
    outside: httpx.AsyncClient
    patience_s: float = 60.0
    pause_s: float = 0.3
    home: str = field(init=False, default="")

    async def __aenter__(self) -> "Resident":
        site = await self._send("GET", "/api/site")
        hosts = site.get("hosted_by", {}).get("settlement")
        if not hosts:
            raise NotPaid("the site does not say who takes payments")
        self.home = f"/{hosts[0]}/api/households/{self.login['account']}"
        credentials = {"login": self.login["login"], "password": self.login["password"]}
        await self._send("POST", "/api/session", json=credentials)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            await self._send("DELETE", "/api/session")

    async def dues(self) -> Row:
        """What is owed, after a payment that was left half done has been brought to its end."""
        dues = await self._send("GET", f"{self.home}/dues")
        if dues["open_payment"]:
            await self._finish(dues["open_payment"])
            dues = await self._send("GET", f"{self.home}/dues")
        return dues

    async def pay(self, bills: list[Row], channel: str) -> Row:
        """Pay company bills in one payment; it has succeeded when this returns.

        Raises:
            NotPaid: The site or the channel refused, or the payment was not known in time.
        """
        wanted = {"bill_numbers": [bill["bill_number"] for bill in bills], "channel": channel}
        wanted["amount_fen"] = sum(bill["payable_fen"] for bill in bills)
        payment = await self._send("POST", f"{self.home}/payments", json=wanted, key=str(uuid4()))
        return await self._finish(payment)

    async def _finish(self, payment: Row) -> Row:
        path, ends = f"{self.home}/payments/{payment['reference']}", asyncio.get_running_loop().time() + self.patience_s
        is_decided = False
        while payment["state"] == "pending":
            if asyncio.get_running_loop().time() > ends:
                raise NotPaid(f"payment {payment['reference']} is still pending after {self.patience_s:g} s")
            if payment["redirect_url"] and not is_decided:
                await self._check_out(payment["redirect_url"])
                is_decided = True
            else:
                await asyncio.sleep(self.pause_s)
            payment = await self._send("GET", path)
        if payment["state"] != "succeeded":
            raise NotPaid(f"payment {payment['reference']} has {payment['state']}")
        return payment

    async def _check_out(self, url: str) -> None:
        """Open the channel's page and press the button; its answer sends the browser back."""
        page = await self._ask(self.outside, "GET", url)
        answer = await self._ask(self.outside, "POST", url, data={"action": "pay"})
        if page.status_code != 200 or answer.status_code != 303:
            raise NotPaid(f"the checkout page answers {page.status_code} and {answer.status_code}")

    async def _send(self, method: str, path: str, *, json: Row | None = None, key: str = "") -> Row:
        answer = await self._ask(self.site, method, path, json=json, key=key)
        if not answer.is_success:
            raise NotPaid(f"{method} {path} answers {answer.status_code} {_said(answer)}")
        try:
            told: Row = answer.json() if answer.content else {}
        except ValueError as cause:
            raise NotPaid(f"{method} {path} answers no JSON") from cause
        return told

    async def _ask(self, client: httpx.AsyncClient, method: str, url: str, *, key: str = "", **body: Any) -> httpx.Response:
        """Send a request, again while the other side is busy or out of reach; the same key makes repeats have one effect.

        Raises:
            NotPaid: It still is after the last try.
        """
        said = ""
        for attempt in range(TRIES):
            pause_s = min(LONGEST_PAUSE_S, self.pause_s * 2**attempt)
            try:
                answer = await client.request(method, url, headers=self._headers(method, key), **body)
                if answer.status_code not in BUSY:
                    return answer
                said, pause_s = f"answers {answer.status_code}", max(pause_s, _retry_after_s(answer))
            except httpx.TransportError as error:
                said = f"cannot be reached ({type(error).__name__})"
            await asyncio.sleep(pause_s)
        raise NotPaid(f"{method} {url} {said} after {TRIES} tries")

    def _headers(self, method: str, key: str) -> dict[str, str]:
        token = "" if method == "GET" else self.site.cookies.get("metropool_csrf") or ""
        return {name: text for name, text in (("x-metropool-csrf", token), ("idempotency-key", key)) if text}


def _retry_after_s(answer: httpx.Response) -> float:
    text = answer.headers.get("retry-after", "")
    return min(LONGEST_PAUSE_S, float(text)) if text.isascii() and text.isdigit() else 0.0


def _said(answer: httpx.Response) -> str:
    """The site's own words for what is wrong."""
    try:
        error = answer.json()["error"]
        return f"{error['key']}: {error['message_en']}"
    except (ValueError, KeyError, TypeError):
        return answer.text[:120]
