"""An import waits for the server that takes the log in as long as it goes on, and says so when it does not."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from metropool.core.errors import Unavailable
from metropool.core.identifiers import SystemId
from metropool.runtime import importing
from metropool.runtime.importing import wait_until_taken_in
from metropool.runtime.node import Node
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named, open_node


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    found = open_node(SystemId("metering"), compiled=compile_named("transition"), settings=Settings(home=tmp_path))
    yield found
    found.close()


def take_in(node: Node, sequence: int) -> None:
    node.write_now("metering", lambda work: work.collection.set_position(stream="log_metering", sequence=sequence))


def test_a_server_that_has_ended_is_told_in_a_sentence(node: Node) -> None:
    take_in(node, 2)
    waiting = wait_until_taken_in(node, upto=5, patience_s=0.3)
    with pytest.raises(Unavailable, match=r"took in only 2 of 5 batches .* start `metropool serve`"):
        asyncio.run(asyncio.wait_for(waiting, 10))


def test_a_slow_server_is_waited_for(node: Node) -> None:
    async def run() -> None:
        waiting = asyncio.create_task(wait_until_taken_in(node, upto=5, patience_s=1.0))
        for sequence in range(1, 6):
            await asyncio.sleep(0.4)
            assert not waiting.done()
            take_in(node, sequence)
        await asyncio.wait_for(waiting, 10)

    asyncio.run(run())


def test_a_broker_that_is_away_for_a_moment_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "AGAIN_S", 0.0)
    answers: list[int | Unavailable] = [Unavailable("gave no receipt"), Unavailable("gave no receipt"), 7]

    async def append() -> int:
        answer = answers.pop(0)
        if isinstance(answer, Unavailable):
            raise answer
        return answer

    assert asyncio.run(importing.again(append)) == 7
    answers[:] = [Unavailable("gave no receipt")]
    monkeypatch.setattr(importing, "AWAY_S", 0.0)
    with pytest.raises(Unavailable, match="gave no receipt"):
        asyncio.run(importing.again(append))
