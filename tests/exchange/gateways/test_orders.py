"""Orders to a real gateway, and the terminal in the home."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from exchange.gateways.house import HOME, PATIENCE_S, Hosted, hosted, said, until
from metropool.capabilities.places import operations as places
from metropool.core.errors import Conflict, NotFound
from metropool.facts.commands import Command

PLUG = {"point": "plug", "kind": "plug", "name_zh": "插座", "name_en": "Plug", "sets": "switch"}


async def order(town: Hosted, value: int, key: str, *, within_s: float = 60) -> Command:
    return await town.node.write(
        "places",
        lambda work: places.order(
            work=work,
            place=HOME,
            point="plug",
            value=value,
            by="resident",
            key=key,
            expires_at=work.now + timedelta(seconds=within_s),
        ),
    )


async def outcome(town: Hosted, command: Command) -> Command:
    async def known() -> Command | None:
        found: Command = await town.node.read("places", lambda work: work.commands.get(id=command.id))
        return found if found.outcome else None

    found: Command = await until(known)
    return found


def _is_set(work: Any) -> bool:
    return "plug" in {setting.point for setting in work.place_book.settings(HOME)}


def test_the_plug_is_switched_and_what_is_measured_changes(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosted(tmp_path) as town, town.gateway() as (_, terminal):

            async def plugged() -> bool:
                return ("plug", "switch") in await town.states()

            await until(plugged)
            await until(lambda: town.node.read("places", _is_set))
            assert (await town.states())["plug", "power"] == 0
            done = await outcome(town, await order(town, 1, "k1"))
            assert (done.outcome, done.read_back and done.read_back["value"]) == ("done", 1)

            async def burning() -> bool:
                return (await town.states())["plug", "power"] == 60

            await until(burning)
            shown = (await terminal.get("/state")).json()["values"]
            assert {row["value"] for row in shown if (row["point"], row["item"]) == ("plug", "switch")} == {1}

    asyncio.run(run())


def test_an_order_is_given_once_however_often_it_comes(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosted(tmp_path) as town:
            heard: list[dict[str, Any]] = []
            link = await town.come_in(heard=lambda _, payload: heard.append(json.loads(payload)))
            await link.subscribe(f"home/{HOME}/down/#")
            await link.publish(
                f"home/{HOME}/up/home_state", said("s1", points=[PLUG], values=[["plug", "switch", 1782835200, 0]])
            )
            await until(town.states)
            first = await order(town, 1, "k1")
            with pytest.raises(Conflict):
                await order(town, 0, "k2")
            with pytest.raises(NotFound):
                await town.node.write(
                    "places",
                    lambda work: places.order(
                        work=work, place=HOME, point="oven", value=1, by="r", key="k3", expires_at=work.now + timedelta(minutes=1)
                    ),
                )

            async def given() -> bool:
                return bool(heard)

            await until(given)
            answer = {"request": first.id, "outcome": "done", "at": "2026-07-01T00:00:05Z", "value": 0}
            await link.publish(f"home/{HOME}/up/home_state", said("s2", answers=[answer]))
            found = await outcome(town, first)
            assert (found.outcome, found.note) == ("refused", "read back 0"), "done is what was read back"
            assert [one["request"] for one in heard] == [first.id]
            await link.close()

    asyncio.run(run())


def test_nobody_at_home_is_known_at_once_and_no_answer_is_unknown_until_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "ANSWER_WITHIN", timedelta(seconds=0.5))

    async def run() -> None:
        async with hosted(tmp_path) as town:
            link = await town.come_in()
            await link.publish(f"home/{HOME}/up/home_state", said("s1", points=[PLUG]))

            async def settable() -> Any:
                return await town.node.read("places", lambda work: work.place_book.settings(HOME))

            await until(settable)
            away = await outcome(town, await order(town, 1, "k1"))
            assert (away.outcome, away.note) == ("refused", "away")
            assert await link.subscribe(f"home/{HOME}/down/#")
            silent = await outcome(town, await order(town, 1, "k2"))
            assert silent.outcome == "unknown"
            later = int(town.settings.the_clock.now().timestamp()) + 5
            await link.publish(f"home/{HOME}/up/home_state", said("s2", values=[["plug", "switch", later, 1]]))

            async def resolved() -> bool:
                found: Command = await town.node.read("places", lambda work: work.commands.get(id=silent.id))
                return found.outcome == "done"

            await until(resolved)
            await link.close()

    asyncio.run(run())


def test_with_the_uplink_cut_the_terminal_indoors_reads_and_switches_and_what_happened_is_told_later(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosted(tmp_path) as town, town.gateway() as (_, terminal):

            async def up() -> bool:
                return bool((await terminal.get("/state")).json()["uplink"])

            await until(up)
            before = await town.events()
            await terminal.post("/edge/uplink", json={"value": 0})

            async def down() -> bool:
                return not await up()

            await until(down)
            assert (await terminal.post("/points/plug", json={"value": 1})).json()["value"] == 1
            await terminal.post("/edge/door", json={"value": 1})
            shown = (await terminal.get("/state")).json()
            assert shown["waiting"] > 0
            assert shown["events"][0]["code"] == "door_opened"
            assert (await town.states()).get(("plug", "switch"), 0) == 0
            assert await town.events() == before
            await terminal.post("/edge/uplink", json={"value": 1})
            await until(town.events)
            assert await town.events() == [(f"{HOME}/door", "door_opened")]

            async def switched() -> bool:
                return (await town.states()).get(("plug", "switch")) == 1

            await until(switched)

    asyncio.run(run())


def test_a_gateway_that_is_killed_comes_again_as_it_was(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosted(tmp_path) as town:
            async with town.gateway() as (process, terminal):
                await terminal.post("/edge/uplink", json={"value": 0})
                await terminal.post("/points/plug", json={"value": 1})
                await terminal.post("/edge/door", json={"value": 1})
                process.kill()
                await asyncio.wait_for(process.wait(), PATIENCE_S)
            async with town.gateway() as (_, terminal):
                values = (await terminal.get("/state")).json()["values"]
                assert [row["value"] for row in values if row["item"] == "switch"] == [1]
                await until(town.events)
                assert await town.events() == [(f"{HOME}/door", "door_opened")]

    asyncio.run(run())


def test_a_stranger_in_the_home_is_not_answered(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosted(tmp_path, attended=False) as town, town.gateway() as (_, terminal):
            own = terminal.headers.pop("authorization")
            for method, path in (("GET", "/state"), ("GET", "/usage"), ("POST", "/points/plug"), ("POST", "/edge/door")):
                assert (await terminal.request(method, path, json={"value": 1} if method == "POST" else None)).status_code == 401
            wrong = [(await terminal.post("/pair", json={"code": "no"})).status_code for _ in range(6)]
            assert wrong == [403] * 5 + [429]
            terminal.headers["authorization"] = own
            assert (await terminal.get("/state")).status_code == 200

    asyncio.run(run())
