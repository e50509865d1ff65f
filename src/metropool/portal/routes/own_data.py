"""What the platform knows of a household, as one file for the household (个人信息副本)."""

import asyncio
import io
import zipfile
from collections.abc import Awaitable, Callable
from datetime import timedelta

from fastapi import Response

from metropool.core.clock import Instant
from metropool.core.texts import Language, say
from metropool.portal.call import Call, CallOf
from metropool.portal.declare import Room, on_account
from metropool.portal.exports import file_of
from metropool.portal.listing import EXPORTED_ROWS
from metropool.portal.ports.asked import Asked
from metropool.portal.ports.desks import CONSENTS, HOUSEHOLDS, NOTICES, POINTS, USAGE
from metropool.portal.ports.insight import UsageDesk
from metropool.portal.ports.settlement import HouseholdsDesk
from metropool.portal.routes.series import SeriesRow, rows_of
from metropool.portal.schemas.basics import Model, Service, show_instant
from metropool.portal.schemas.bills import BillSummary
from metropool.portal.schemas.consents import AccessRow
from metropool.portal.schemas.notices import HomeNotice
from metropool.portal.schemas.paying import Payment

ROOM = Room("my data", of="settlement")
USAGE_DAYS = 400
"""How far back usage goes: a year and what an earlier one is compared with is asked for on its page."""
ALL = Asked(page=1, size=EXPORTED_ROWS, sort=())
Part = tuple[str, bytes]


@ROOM.get("/households/{a}/data", right=on_account("home.read"), media="application/zip")
async def get_own_data(call: CallOf, a: str, language: Language = "zh") -> Response:
    """Bills, payments, dues, daily usage, announcements, consents, who looked, what devices at home said: a ZIP of CSV and JSON."""
    found = [part for gather in PARTS for part in await gather(call, a, language)]
    names = "\n".join(f"- {name}" for name, _ in found)
    about = say("metropool.portal", "own_data.about", language, account=a, time=show_instant(call.now), names=names)
    await call.note(details={"household": a})
    body = await asyncio.to_thread(_packed, [("README.txt", about.encode()), *found])
    headers = {"Content-Disposition": f'attachment; filename="my-data-{a}.zip"'}
    return Response(body, media_type="application/zip", headers=headers)


async def _money(call: Call, account: str, language: Language) -> list[Part]:
    def ask(desk: HouseholdsDesk) -> list[Part]:
        bills = desk.bills(account=account, state=None, asked=ALL).rows
        payments = desk.payments(account=account, asked=ALL).rows
        return [
            ("bills.csv", file_of("csv", BillSummary, bills, language)),
            ("payments.csv", file_of("csv", Payment, payments, language)),
            ("dues.json", _json(desk.dues(account=account))),
            *((f"bills/{row.number}.json", _json(desk.bill(account=account, number=row.number))) for row in bills),
        ]

    return await call.ask(HOUSEHOLDS, ask)


async def _usage(call: Call, account: str, language: Language) -> list[Part]:
    if USAGE.capability not in call.host.hosts:
        return []
    start, end = call.now - timedelta(days=USAGE_DAYS), call.now

    def ask(desk: UsageDesk) -> list[Part]:
        return [_used(desk, account, row.service, start, end, language) for row in desk.now(account=account).usage]

    return await call.ask(USAGE, ask)


def _used(desk: UsageDesk, account: str, service: Service, start: Instant, end: Instant, language: Language) -> Part:
    found = desk.usage(account=account, service=service, start=start, end=end, step="day", compare_start=None)
    rows = rows_of(found.series, money=found.money, carbon=found.carbon)
    return f"usage-{service}.csv", file_of("csv", SeriesRow, rows, language)


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
