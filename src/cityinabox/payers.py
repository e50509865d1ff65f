"""Residents who pay their old bills over the site, some homes at a time."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from cityinabox.residents import NotPaid, Resident

Row = dict[str, Any]
MOST_AT_ONCE = 4
MOST_BILLS = 60
"""The site takes so many bills in one payment."""
ROUNDS = 4
"""How often a home looks again when what it owes has changed while it was paying."""


@dataclass(frozen=True)
class Payers:
    """How homes pay.

    Args:
        site: Address of the site, such as ``http://127.0.0.1:8080``.
        until_open: So many of the newest months stay open.
        share: Share of the homes that pays [0 to 1].
        seed: Decides which homes do.
        each_month: One payment a month instead of one for all.
        patience_s: How long to wait for one payment to be known.
        pause_s: Time between two looks at a payment.
        transport: Way to the site and the channel; the network when None.
    """

    site: str
    until_open: int = 1
    share: float = 0.9
    seed: int = 7
    each_month: bool = False
    patience_s: float = 60.0
    pause_s: float = 0.3
    transport: httpx.AsyncBaseTransport | None = None

    async def run(self, logins: list[Row], say: Callable[[Row], None]) -> Row:
        """Let the chosen homes pay, telling each payment; returns the sum of it all."""
        chosen = choose_homes(logins, share=self.share, seed=self.seed)
        gate, done = asyncio.Semaphore(MOST_AT_ONCE), _Done(say)
        await asyncio.gather(*(self._home(login, gate, done) for login in chosen))
        return {"homes": len(logins), "paying": len(chosen)} | done.summary()

    async def _home(self, login: Row, gate: asyncio.Semaphore, done: "_Done") -> None:
        async with gate, self._client(self.site) as site, self._client("") as outside:
            resident = Resident(login, site, outside, patience_s=self.patience_s, pause_s=self.pause_s)
            try:
                async with resident:
                    await self._pay_old(resident, done)
            except (NotPaid, httpx.HTTPError) as error:
                done.note_failed(login["account"], str(error))

    async def _pay_old(self, resident: Resident, done: "_Done") -> None:
        failed: NotPaid | None = None
        for _ in range(ROUNDS):
            dues = await resident.dues()
            parts = list(self._parts(old_bills(dues, until_open=self.until_open)))
            if not parts:
                return
            failed = await _pay_parts(resident, parts, dues["channels"], done)
        if failed:
            raise failed

    def _parts(self, bills: list[Row]) -> Iterable[list[Row]]:
        """Bills that are paid together."""
        months = sorted({bill["month"] for bill in bills})
        groups = [[bill for bill in bills if bill["month"] == month] for month in months] if self.each_month else [bills]
        return (group[i : i + MOST_BILLS] for group in groups for i in range(0, len(group), MOST_BILLS))

    def _client(self, base: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=base, transport=self.transport, timeout=30.0, trust_env=False)


async def _pay_parts(resident: Resident, parts: list[list[Row]], channels: list[Row], done: "_Done") -> NotPaid | None:
    """Pay part after part; what stopped it, when something did."""
    if not channels:
        raise NotPaid("the site offers no payment channel")
    try:
        for bills in parts:
            done.note_paid(await resident.pay(bills, channels[0]["id"]), len(bills))
    except NotPaid as error:
        await asyncio.sleep(resident.pause_s)
        return error
    return None


def choose_homes(logins: list[Row], *, share: float, seed: int) -> list[Row]:
    """The share of the homes that pays; the same for a seed and a set of accounts."""
    ordered = sorted(logins, key=lambda login: str(login["account"]))
    return Random(f"{seed}/payers").sample(ordered, round(share * len(ordered)))


def old_bills(dues: Row, *, until_open: int) -> list[Row]:
    """Company bills with something to pay, oldest first, without those of the newest ``until_open`` months owed."""
    bills = [bill for company in dues["companies"] for bill in company["bills"] if bill["payable_fen"] > 0]
    months = sorted({bill["month"] for bill in bills})
    old = set(months[: max(0, len(months) - until_open)])
    return sorted((bill for bill in bills if bill["month"] in old), key=lambda bill: (bill["month"], bill["bill_number"]))


@dataclass
class _Done:
    """What has been paid so far."""

    say: Callable[[Row], None]
    payments: int = 0
    bills: int = 0
    amount_fen: int = 0
    failed: list[Row] = field(default_factory=list)

    def note_paid(self, payment: Row, bills: int) -> None:
        self.payments, self.bills, self.amount_fen = (
            self.payments + 1,
            self.bills + bills,
            self.amount_fen + payment["amount_fen"],
        )
        told = {name: payment[name] for name in ("account", "reference", "state", "amount_fen", "paid_at")}
        self.say(told | {"bills": bills})

    def note_failed(self, account: str, why: str) -> None:
        self.failed.append({"account": account, "why": why})

    def summary(self) -> Row:
        return {"payments": self.payments, "bills": self.bills, "amount_fen": self.amount_fen, "failed": self.failed}
