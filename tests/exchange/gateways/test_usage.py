"""Household meter data on its way to the gateway of the home it is about, and to no other."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from exchange.gateways.house import HOME, OTHER, Hosted, hosted, until
from metropool.capabilities.points import operations
from metropool.exchange.messages import ROWS, HouseholdUsageTold
from metropool.facts.registry.tables import place, usage_point

DAY = date(2026, 7, 1)


def enrol(work: Any) -> None:
    for number, home in enumerate((HOME, OTHER), start=1):
        named = {"kind": "home", "name_zh": home, "name_en": home, "parent": None}
        work.registry.add(place, [{"id": home, **named}])
        point = {"number": number, "id": f"water-{number}", "service": "water", "role": "delivered", "place": home}
        work.registry.add(usage_point, [{**point, "network_node": None}])


def told(*, point: str, version: int, end: int | None) -> HouseholdUsageTold:
    row = {
        "service": "water",
        "usage_point": point,
        "device_number": "W1",
        "reading_type": 30,
        "business_date": DAY,
        "version": version,
        "start": 1782835200,
        "interval_s": 86_400,
        "values": [None if end is None else end - 1000],
        "quality": None,
        "register_start": 1000,
        "register_end": end,
        "meters": None,
    }
    return HouseholdUsageTold(rows=pa.Table.from_pylist([row], schema=ROWS[HouseholdUsageTold]))


async def tell(town: Hosted, **what: Any) -> None:
    await town.node.write("points", lambda work: operations.note_usage(work=work, message=told(**what)))


async def received(town: Hosted, place: str, count: int) -> list[Any]:
    async def all_there() -> list[Any]:
        kept = await town.node.read("points", lambda work: work.usage_desk.kept(place))
        return [one for one in kept if one.received_at is not None and one.version == count]

    found: list[Any] = await until(all_there)
    return found


def test_reaches_its_gateway_once_it_is_there_newest_version_last_and_no_other(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosted(tmp_path) as town, town.gateway() as (_, terminal):
            town.node.write_now("points", enrol)

            async def listens() -> bool:
                return bool(await town.node.read("points", lambda work: work.usage_desk.listeners([HOME])))

            await until(listens)
            await tell(town, point="water-1", version=1, end=1090)
            await tell(town, point="water-2", version=1, end=7777)
            await received(town, HOME, 1)
            await terminal.post("/edge/uplink", json={"value": 0})
            await tell(town, point="water-1", version=2, end=1100)
            await terminal.post("/edge/uplink", json={"value": 1})
            await received(town, HOME, 2)
            blocks = (await terminal.get("/usage")).json()["blocks"]
            assert [(block["version"], block["register_end"]) for block in blocks] == [(2, 1100)]
            assert await town.node.read("points", lambda work: work.usage_desk.kept(OTHER)) == [], "nobody listens there"

    asyncio.run(run())


def test_of_the_day_so_far_the_fullest_that_was_told_waits_for_its_gateway(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosted(tmp_path, attended=False) as town:
            node = town.node
            node.write_now("points", enrol)
            await node.write("points", lambda work: work.usage_desk.listen(HOME, heard_at=1))

            async def waits(**what: Any) -> list[tuple[int, int]]:
                await tell(town, point="water-1", **what)
                kept = await node.read("points", lambda work: work.usage_desk.kept(HOME))
                return [(one.version, one.known) for one in kept]

            assert await waits(version=0, end=None) == [(0, 1)]
            assert await waits(version=0, end=1090) == [(0, 3)]
            assert await waits(version=0, end=None) == [(0, 3)], "told before, handed over again"
            assert await waits(version=1, end=None) == [(1, 1)], "sealed"
            assert await waits(version=0, end=1090) == [(1, 1)]

    asyncio.run(run())


def test_values_go_to_the_lake_and_are_read_together_with_what_is_recent(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosted(tmp_path, attended=False) as town:
            first = int(town.settings.the_clock.now().timestamp()) // 3600 * 3600 - 12 * 3600
            rows = pa.table(
                {
                    "point": ["main"] * 13,
                    "item": ["power"] * 13,
                    "at": [first + hour * 3600 for hour in range(13)],
                    "value": list(range(13)),
                    "quality": pa.array([0] * 13, pa.uint8()),
                }
            )
            node = town.node
            from metropool.capabilities.points import archive

            await node.write("points", lambda work: work.point_book.note(HOME, rows, heard_at=first))
            prepared = await node.read("points", lambda work: archive.prepare(work=work))
            await node.write("points", lambda work: archive.commit(work=work, prepared=prepared))
            left = await node.read("points", lambda work: work.point_book.older(before=1 << 40, limit=100))
            assert 0 < left.num_rows < 13
            asked = {"point": "main", "item": "power", "since": first, "until": first + 13 * 3600}
            both = await node.read("points", lambda work: work.point_book.values(HOME, **asked))
            assert both["value"].to_pylist() == list(range(13))
            again = await node.read("points", lambda work: work.point_book.values(OTHER, **asked))
            assert again.num_rows == 0

    asyncio.run(run())
