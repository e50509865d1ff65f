"""The link upward: says what waits, oldest first, each until it is acknowledged; comes again whenever it is cut, where somebody is."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from cityinabox.gateway.gateway import Gateway
from cityinabox.gateway.keeping import Keeping
from cityinabox.gateway.wire import Mqtt

AT_ONCE = 64
LOOK_S = 0.1
FIRST_S, LONGEST_S = 0.5, 10.0
PING_S = 20.0


@dataclass
class Uplink:
    """A gateway's link to whoever hosts its home.

    Attributes:
        places: Where it may come in, host and port: the next one each time.
        name, secret: Its credential.
        tls: Whose word for the broker it takes; None where it comes in without TLS.
        is_up: Whether it is there now.
        is_cut: Somebody pulled the plug.
    """

    gateway: Gateway
    keeping: Keeping
    places: Sequence[tuple[str, int]]
    name: str
    secret: str
    tls: ssl.SSLContext | None = None
    is_up: bool = False
    is_cut: bool = False
    _tries: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def cut(self, *, is_cut: bool) -> None:
        """Pull the plug, or put it back."""
        self.is_cut = is_cut
        self._changed.set()

    async def run(self) -> None:
        """Keep the link up, for ever."""
        wait_s = FIRST_S
        while True:
            if not self.is_cut:
                began = time.monotonic()
                with contextlib.suppress(OSError):
                    await self._talk()
                wait_s = FIRST_S if time.monotonic() - began > LONGEST_S else min(wait_s * 2, LONGEST_S)
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), wait_s)

    async def _talk(self) -> None:
        host, port = self.places[self._tries % len(self.places)]
        self._tries += 1
        link = await Mqtt.connect(host, port, name=self.name, password=self.secret, heard=self._heard, tls=self.tls)
        try:
            if not await link.subscribe(f"home/{self.name}/down/#"):
                return
            self.gateway.greet()
            self.is_up = True
            ending = asyncio.create_task(link.ended())
            pinged = time.monotonic()
            while not ending.done() and not self.is_cut:
                said = await self._say_some(link)
                if time.monotonic() - pinged > PING_S:
                    link.ping()
                    pinged = time.monotonic()
                if not said:
                    await asyncio.wait([ending], timeout=LOOK_S)
        finally:
            self.is_up = False
            await link.close()

    async def _say_some(self, link: Mqtt) -> int:
        rows = self.keeping.next(AT_ONCE)
        saying = [link.publish(f"home/{self.name}/up/{message}", payload) for _, message, payload in rows]
        outcomes = await asyncio.gather(*saying, return_exceptions=True)
        self.keeping.said(row[0] for row, outcome in zip(rows, outcomes, strict=True) if outcome is None)
        failed = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        if failed:
            raise failed[0]
        return len(rows)

    def _heard(self, topic: str, payload: bytes) -> None:
        self.gateway.told(topic.rsplit("/", 1)[-1], payload)
