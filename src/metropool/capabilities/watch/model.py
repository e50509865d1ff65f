"""What is watched."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from metropool.exchange.messages import AlarmRaised, AnomalyFound

What = Literal["alarm", "anomaly"]
OPEN = ("raised", "found")
"""States that are not over."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    """An alarm or an anomaly, as its newest edition tells it; ``acknowledged_by`` is the person who first took note of it."""

    id: str
    edition: int
    what: What
    kind: str
    state: str
    service: str
    area: str
    began_at: datetime
    told: dict[str, Any]
    heard_at: datetime
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.state in OPEN


def of_alarm(message: AlarmRaised, *, told: dict[str, Any], heard_at: datetime) -> Watched:
    """An alarm as it is watched."""
    return Watched(
        id=message.alarm,
        edition=message.edition,
        what="alarm",
        kind=message.kind,
        state=message.state,
        service="",
        area=message.area,
        began_at=message.at if message.state == "raised" else message.raised_at,
        told=told,
        heard_at=heard_at,
    )


def of_anomaly(message: AnomalyFound, *, told: dict[str, Any], heard_at: datetime) -> Watched:
    """An anomaly as it is watched."""
    return Watched(
        id=message.anomaly,
        edition=message.edition,
        what="anomaly",
        kind=message.kind,
        state=message.state,
        service=message.service,
        area=message.area,
        began_at=message.found_at,
        told=told,
        heard_at=heard_at,
    )
