"""Where time comes from. The only module of the product that may ask the machine what time it is.

Instants are timezone-aware ``datetime`` in UTC. Business waits follow a ``Clock``; transport time-outs follow the event loop.
"""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from metropool.core.errors import Invalid

Instant = datetime


class Clock(Protocol):
    """Tells the time and waits for it."""

    def now(self) -> Instant:
        """The present instant, UTC."""
        ...

    async def sleep_until(self, due: Instant) -> None:
        """Return when ``now() >= due``."""
        ...


@dataclass(frozen=True)
class SystemClock:
    """The machine's own clock."""

    def now(self) -> Instant:
        return datetime.now(UTC)

    async def sleep_until(self, due: Instant) -> None:
        while (left := (due - self.now()).total_seconds()) > 0:
            await asyncio.sleep(min(left, 60.0))


@dataclass(frozen=True)
class ScaledClock:
    """Business time that runs ``speed`` times as fast as the machine's, from an anchor shared by all processes.

    Args:
        starts_at: Business instant at the anchor.
        speed: Business seconds per second of the machine.
        anchor_s: Machine time (Unix seconds) at which business time was ``starts_at``.
    """

    starts_at: Instant
    speed: float
    anchor_s: float

    def now(self) -> Instant:
        return self.starts_at + timedelta(seconds=(time.time() - self.anchor_s) * self.speed)

    async def sleep_until(self, due: Instant) -> None:
        while (left := (due - self.now()).total_seconds() / self.speed) > 0:
            await asyncio.sleep(min(left, 1.0))


@dataclass
class VirtualClock:
    """A clock that stands still until a test or a simulation moves it."""

    time: Instant
    _waiting: list[tuple[Instant, "asyncio.Future[None]"]] = field(default_factory=list)

    def now(self) -> Instant:
        return self.time

    def advance(self, step: timedelta) -> None:
        """Move time on and wake whoever waited for it."""
        self.time += step
        due = [pair for pair in self._waiting if pair[0] <= self.time]
        self._waiting = [pair for pair in self._waiting if pair[0] > self.time]
        for _, future in due:
            if not future.done():
                future.set_result(None)

    async def sleep_until(self, due: Instant) -> None:
        if due > self.time:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((due, future))
            await future


def read_clock(text: str | None) -> Clock:
    """Make the clock that ``METROPOOL_CLOCK`` describes.

    Args:
        text: Empty for the system clock, or ``START@SPEED`` or ``START@SPEED/ANCHOR``: business start (ISO 8601 with
            offset), speed, and the machine's Unix seconds at which it was START (now, when left out).

    Raises:
        Invalid: The text is not of that form.
    """
    if not text:
        return SystemClock()
    try:
        start, _, rest = text.partition("@")
        speed, _, anchor = rest.partition("/")
        starts_at = datetime.fromisoformat(start)
        if starts_at.tzinfo is None:
            raise ValueError("START has no UTC offset")
        return ScaledClock(
            starts_at=starts_at.astimezone(UTC), speed=float(speed or 1), anchor_s=float(anchor) if anchor else time.time()
        )
    except ValueError as cause:
        raise Invalid(
            f"METROPOOL_CLOCK={text!r} is not START@SPEED[/ANCHOR], such as 2026-07-01T00:00+08:00@60: {cause}"
        ) from cause


def monotonic_s() -> float:
    """Seconds of a clock that never goes back; for measuring how long work took, never for business."""
    return time.monotonic()
