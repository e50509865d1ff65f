"""What gateways say, with anything in it: taken in, parked with its reason, or tried again where the machine is at fault."""

import asyncio
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from exchange.test_node import make_node
from metropool.core.errors import Conflict, Unavailable
from metropool.exchange.capability import Capability
from metropool.exchange.messages import PointsReported
from metropool.exchange.outbox import inbox
from metropool.exchange.ports import Delivery
from metropool.runtime.gateways.hearing import Hearing
from metropool.runtime.node import Hosted, Node

SAID = {
    "v": 1,
    "id": "a1",
    "values": [["main", "power", 1782835200, 434]],
    "points": [{"point": "main", "kind": "main", "name_zh": "总", "name_en": "Main"}],
    "answers": [{"request": "r", "outcome": "done", "at": "2026-07-01T00:00:00Z"}],
}
PIECES = (b"", b"null", b"[", b'"', b"-1e999", b"\xff", b"\\u0000", b"9" * 30, b"\\ud800", b"{}", b"[[", b"1.5", b"true")


class Home:
    """A node that hears one kind of message, what stops it, and what became of each delivery."""

    def __init__(self, folder: Path) -> None:
        self.fault: Exception | None = None
        self.taken: list[Any] = []
        self.ended: list[str] = []
        capability = Capability(name="points", consumes={PointsReported: self._take})
        self.node: Node = make_node(folder, "metering", capability)
        self.node.hosted = {"points": Hosted(capability=capability, rows=())}
        self.hearing = Hearing(self.node, None, kinds={"home_state": "PointsReported"})  # type: ignore[arg-type]

    def _take(self, *, work: Any, message: PointsReported) -> None:
        if self.fault:
            raise self.fault
        self.taken.append(message)

    def hear(self, *said: bytes) -> None:
        async def done() -> None:
            self.ended.append("done")

        async def later(_: float) -> None:
            self.ended.append("later")

        deliveries = [Delivery(data, "gateways", "home_state", number, 1, done, later) for number, data in enumerate(said, 1)]
        asyncio.run(self.hearing.step([("home-1", each) for each in deliveries]))

    def parked(self) -> list[str]:
        with self.node.database.snapshot() as connection:
            return list(connection.execute(select(inbox.c.reason).where(inbox.c.outcome == "parked")).scalars())


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    yield made
    made.node.close()


def test_whatever_is_damaged_is_taken_in_or_parked_with_its_reason(home: Home) -> None:
    chance, said = random.Random(3), []
    for number in range(200):
        body = bytearray(json.dumps({**SAID, "id": f"a{number}"}, ensure_ascii=False).encode())
        for _ in range(chance.randint(0, 2)):
            at = chance.randrange(len(body))
            body[at : at + chance.randint(0, 4)] = chance.choice((*PIECES, bytes([chance.randrange(256)])))
        said.append(bytes(body))
    home.hear(*said)
    assert home.ended == ["done"] * 200
    assert len(home.parked()) > 60 < len(home.taken)
    assert not any("a fault of ours" in reason for reason in home.parked())


@pytest.mark.parametrize("said", [b"", b"[" * 60_000, b'{"v":' * 12_000, b"\xff\xfe", b"null", b'{"v":1,"id":"\\u0000"}'])
def test_what_nobody_can_read_is_parked(home: Home, said: bytes) -> None:
    home.hear(said, json.dumps(SAID).encode())
    assert (len(home.parked()), len(home.taken), home.ended) == (1, 1, ["done", "done"])
    assert "not what a gateway says" in home.parked()[0]


@pytest.mark.parametrize(
    ("fault", "ends", "reason"),
    [
        (KeyError("not thought of"), ["done"], ["a fault of ours: KeyError"]),
        (Conflict("not now"), ["done"], ["not now"]),
        (Unavailable("full"), ["later"], []),
        (OSError("no disk"), ["later"], []),
        (MemoryError(), ["later"], []),
    ],
)
def test_a_fault_parks_it_and_a_missing_disk_lets_it_wait(
    home: Home, fault: Exception, ends: list[str], reason: list[str]
) -> None:
    home.fault = fault
    home.hear(json.dumps(SAID).encode())
    assert (home.ended, home.parked()) == (ends, reason)
