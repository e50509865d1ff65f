"""Which of the servers of a broker makes its streams: the first, and another when nothing comes of the first."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from exchange.city.cities import place, running_brokers
from exchange.city.towns import Town
from metropool.plan import provision
from metropool.runtime import broker, broker_keys
from metropool.runtime.broker_place import keep_server

HEARERS = tuple(f"hearer{number}" for number in range(6))
TOWN = Town(ways=tuple(("teller", hearer) for hearer in HEARERS), brokers={"city": ("teller", *HEARERS)})
MADE = {f"STREAM.CREATE.inbox_{name}": 1 for name in ("teller", *HEARERS)}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What brokers were asked to make, and how often."""
    counted, ask = Counter[str](), provision._ask

    async def note(client: provision.Requester, verb: str, body: Mapping[str, Any], **more: float) -> Mapping[str, Any]:
        counted[verb] += ".INFO." not in verb
        return await ask(client, verb, body, **more)

    monkeypatch.setattr(provision, "_ask", note)
    return counted


def made(asked: Counter[str]) -> dict[str, int]:
    return {verb: count for verb, count in asked.items() if count and verb.startswith("STREAM")}


@pytest.mark.timeout(120)
def test_one_of_three_servers_makes_each_stream_once_and_none_makes_it_again(tmp_path: Path, asked: Counter[str]) -> None:
    settings = place(tmp_path, servers={"city": 3}, tls=False)

    async def run() -> None:
        async with running_brokers(settings, TOWN):
            assert made(asked) == MADE
        asked.clear()
        async with running_brokers(settings, TOWN):
            assert not +asked, "all of it is as the plan says"

    asyncio.run(run())


@pytest.mark.timeout(120)
def test_another_makes_them_when_nothing_comes_of_the_first(
    tmp_path: Path, asked: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    provide = broker_keys.provision_until_done

    async def all_but_the_first(url: str, *, place: int, **more: Any) -> None:
        await (provide(url, place=place, **more) if place else asyncio.Event().wait())

    monkeypatch.setattr(broker, "provision_until_done", all_but_the_first)
    monkeypatch.setattr(broker_keys, "TURN_S", 1.0)
    settings = place(tmp_path, servers={"city": 3}, tls=False)

    async def run() -> None:
        async with AsyncExitStack() as stack:
            names = ("city-1", "city-2", "city-3")
            _, *others = [await keep_server(stack, name, settings=settings, compiled=TOWN) for name in names]
            for server in others:
                await server.provisioned()
            assert made(asked).keys() == MADE.keys()

    asyncio.run(run())
