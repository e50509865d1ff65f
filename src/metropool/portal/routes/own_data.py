"""Everything that the platform keeps of a household, as one file for the household (个人信息副本)."""

import asyncio
import io
import zipfile
from collections.abc import Awaitable, Callable
from datetime import timedelta

from fastapi import Response

from metropool.core.texts import Language, say
from metropool.portal.call import Call, CallOf
from metropool.portal.declare import Room, on_account
from metropool.portal.exports import file_of
from metropool.portal.listing import EXPORTED_ROWS
from metropool.portal.ports.asked import Asked
from metropool.portal.ports.desks import CONSENTS, HOUSEHOLDS, NOTICES, POINTS, USAGE
from metropool.portal.routes.series import SeriesRow, rows_of
from metropool.portal.schemas.basics import Model, show_instant
from metropool.portal.schemas.bills import BillSummary
from metropool.portal.schemas.consents import AccessRow
from metropool.portal.schemas.notices import HomeNotice
from metropool.portal.schemas.paying import Payment

ROOM = Room("my data", of="settlement")
BILLS = "bills"
USAGE_DAYS = 400
"""How far back usage goes: a year and what an earlier one is compared with is asked for on its page."""
ALL = Asked(page=1, size=EXPORTED_ROWS, sort=())
Part = tuple[str, bytes]


@ROOM.get("/households/{a}/data", right=on_account("home.read"), media="application/zip")
async def get_own_data(call: CallOf, a: str, language: Language = "zh") -> Response:
    """Bills, payments, daily usage, announcements, consents, who looked, and what the home's devices said: a ZIP of CSV and JSON."""
    found = [part for gather in PARTS for part in await gather(call, a, language)]
    names = "\n".join(f"- {name}" for name, _ in found)
    about = say("metropool.portal", "own_data.about", language, account=a, time=show_instant(call.now), names=names)
    await call.note(details={"household": a})
    body = await asyncio.to_thread(_packed, [("README.txt", about.encode()), *found])
    headers = {"Content-Disposition": f'attachment; filename="my-data-{a}.zip"'}
    return Response(body, media_type="application/zip", headers=headers)


async def _money(call: Call, account: str, language: Language) -> list[Part]:
    bills = (await call.ask(HOUSEHOLDS, lambda desk: desk.bills(account=account, state=None, asked=ALL))).rows
    payments = (await call.ask(HOUSEHOLDS, lambda desk: desk.payments(account=account, asked=ALL))).rows
    whole = [
        await call.ask(HOUSEHOLDS, lambda desk, number=row.number: desk.bill(account=account, number=number))  # type: ignore[misc]
        for row in bills
    ]
    each = [(f"{BILLS}/{bill.number}.json", _json(bill)) for bill in whole]
    return [
        (f"{BILLS}.csv", file_of("csv", BillSummary, bills, language)),
        ("payments.csv", file_of("csv", Payment, payments, language)),
        *each,
    ]


async def _usage(call: Call, account: str, language: Language) -> list[Part]:
    if USAGE.capability not in call.host.hosts:
        return []
    span = {"start": call.now - timedelta(days=USAGE_DAYS), "end": call.now, "step": "day", "compare_start": None}
    parts: list[Part] = []
    now = await call.ask(USAGE, lambda desk: desk.now(account=account))
    for service in [row.service for row in now.usage]:
        found = await call.ask(USAGE, lambda desk, service=service: desk.usage(account=account, service=service, **span))  # type: ignore[misc]
        rows = rows_of(found.series, money=found.money, carbon=found.carbon)
        parts.append((f"usage-{service}.csv", file_of("csv", SeriesRow, rows, language)))
    return parts


async def _looked(call: Call, account: str, language: Language) -> list[Part]:
    if CONSENTS.capability not in call.host.hosts:
        return []
    consents = await call.ask(CONSENTS, lambda desk: desk.consents(account=account))
    accesses = (await call.ask(CONSENTS, lambda desk: desk.accesses(account=account, asked=ALL))).rows
    return [("consents.json", _json(consents)), ("who-looked.csv", file_of("csv", AccessRow, accesses, language))]


async def _announced(call: Call, account: str, language: Language) -> list[Part]:
    if NOTICES.capability not in call.host.hosts:
        return []
    found = await call.ask(NOTICES, lambda desk: desk.notices(account=account, service=None, scope="mine", asked=ALL))
    return [("announcements.csv", file_of("csv", HomeNotice, found.rows, language))]


async def _heard(call: Call, account: str, language: Language) -> list[Part]:  # noqa: ARG001
    if POINTS.capability not in call.host.hosts:
        return []
    return [("devices.json", _json(await call.ask(POINTS, lambda desk: desk.heard(account=account))))]


PARTS: tuple[Callable[[Call, str, Language], Awaitable[list[Part]]], ...] = (_money, _usage, _looked, _announced, _heard)


def _json(model: Model) -> bytes:
    return model.model_dump_json(indent=1, by_alias=True).encode()


def _packed(parts: list[Part]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as box:
        for name, content in parts:
            box.writestr(name, content)
    return out.getvalue()
