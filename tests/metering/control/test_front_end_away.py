"""What metering asks of a front end that is just away: tried again while it surely did not leave, never where nobody knows."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from nats.errors import NoRespondersError, OutboundBufferLimitError
from nats.errors import TimeoutError as NatsTimeout

from metropool.capabilities.metering.frontend import tasks
from metropool.capabilities.metering.frontend.tasks import Answer
from metropool.core.clock import SystemClock
from metropool.runtime import metering
from metropool.runtime.metering import RemoteFrontEnd

DONE = Answer(task="t", result="answered", at=1)


class Broker:
    """Answers what it is told to, one after the other; the last for ever."""

    def __init__(self, *said: Any) -> None:
        self.said = list(said)
        self.asked = 0

    async def request(self, subject: str, data: bytes, timeout: float) -> Any:
        self.asked += 1
        said = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        if isinstance(said, Exception):
            raise said
        return SimpleNamespace(data=tasks.encode(said))


def carried_out(broker: Broker) -> Answer:
    front = RemoteFrontEnd(client=broker, node=SimpleNamespace(system="metering", clock=SystemClock()))
    task = tasks.Read(id="t", terminal=1, item=1, expires_at=1)
    return asyncio.run(front.carry_out(task))


def test_what_surely_did_not_leave_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metering, "AGAIN_S", 0.0)
    broker = Broker(NoRespondersError(), OutboundBufferLimitError(), DONE)
    assert carried_out(broker).result == "answered"
    assert broker.asked == 3


def test_what_may_have_left_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker(NatsTimeout(), DONE)
    assert carried_out(broker).result == "lost"
    assert broker.asked == 1


def test_who_stays_away_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metering, "AWAY_S", 0.0)
    monkeypatch.setattr(metering, "AGAIN_S", 0.0)
    assert carried_out(Broker(NoRespondersError())).result == "unreachable"
