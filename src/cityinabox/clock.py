"""Business time of the city: the machine's, or one that runs faster from an anchor that all processes share.

Written as ``START@SPEED/ANCHOR``: business start (ISO 8601 with offset), business seconds per second of the machine,
and the machine's Unix seconds at which it was START (now, when left out). Empty: the machine's own time.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

LOCAL = timezone(timedelta(hours=8))
"""The city's own time; China has no daylight saving time."""


@dataclass(frozen=True)
class CityClock:
    """Tells business time and waits for it.

    Args:
        start_s: Business time at the anchor [Unix seconds].
        speed: Business seconds per machine second; 0 stands still.
        anchor_s: Machine time of the anchor [Unix seconds].
    """

    start_s: float = 0.0
    speed: float = 1.0
    anchor_s: float = 0.0

    def time(self) -> float:
        """Business time [Unix seconds]."""
        return self.start_s + (time.time() - self.anchor_s) * self.speed

    def now(self) -> datetime:
        """Business time, in the city's own."""
        return datetime.fromtimestamp(self.time(), LOCAL)

    async def sleep(self, seconds: float) -> None:
        """Wait for business ``seconds``, in steps so that nobody waits past the end of the process."""
        until = self.time() + seconds
        while (left := until - self.time()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(min(left / self.speed if self.speed else 1.0, 60.0))


def read_clock(text: str | None) -> CityClock:
    """Make the clock that ``text`` describes.

    Raises:
        ValueError: It is not START@SPEED[/ANCHOR].
    """
    if not text:
        return CityClock()
    start, _, rest = text.partition("@")
    speed, _, anchor = rest.partition("/")
    starts_at = datetime.fromisoformat(start)
    if starts_at.tzinfo is None:
        raise ValueError(f"the start of clock {text!r} has no UTC offset")
    return CityClock(starts_at.timestamp(), float(speed or 1), float(anchor) if anchor else time.time())


def instant_of(text: str) -> int:
    """Unix second of an ISO 8601 date or time; of the city's own time where it has no offset.

    Raises:
        ValueError: It is neither.
    """
    at = datetime.fromisoformat(text)
    return int((at if at.tzinfo else at.replace(tzinfo=LOCAL)).timestamp())


def local(at_s: float) -> datetime:
    """Civil time of the city at a Unix second."""
    return datetime.fromtimestamp(at_s, LOCAL)


def unix(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    """Unix second of a civil time of the city."""
    return int(datetime(year, month, day, hour, minute, tzinfo=LOCAL).timestamp())


def midnight(at_s: float) -> int:
    """Start of the civil day in which ``at_s`` lies [Unix seconds]."""
    return int(at_s + 28800) // 86400 * 86400 - 28800


def iso(at_s: float) -> str:
    """ISO 8601 text of a Unix second, UTC."""
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds")
