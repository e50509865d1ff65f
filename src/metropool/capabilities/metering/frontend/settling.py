"""Chunks on their way to the log: values and events made durable together, then pushes confirmed and answers given."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from metropool.capabilities.metering.frontend import readable
from metropool.capabilities.metering.frontend.chunks.decoder import Decoded, Frames, confirmations
from metropool.capabilities.metering.frontend.chunks.measured import Measured, columns_of_rows, joined, log_entries, values_of
from metropool.capabilities.metering.frontend.links import Link, Reply
from metropool.capabilities.metering.frontend.notices import Notices
from metropool.capabilities.metering.frontend.tasks import DeviceEvent, encode
from metropool.capabilities.metering.ports import Log
from metropool.core.errors import Unavailable
from metropool.devices.gdw1376.frame import FIN
from metropool.devices.gdw1376.requests import CONFIRM, LINK
from metropool.facts.readings.schemas import Origin

_PRM, _CON = 0x40, 0x10


class Settling:
    """Chunks that are being settled; their number is its length.

    Args:
        log: Where measured values become durable.
        event_log: Where end-device events become durable.
        notices: Whose events go with the next chunk.
        counts: Of the front end.
        on_settled: Called after each chunk, durable or not.
    """

    def __init__(
        self, *, log: Log, event_log: Log, notices: Notices, counts: Counter[str], on_settled: Callable[[], None]
    ) -> None:
        self._log, self._event_log, self._notices, self._counts = log, event_log, notices, counts
        self._on_settled = on_settled
        self._tasks: set[asyncio.Task[None]] = set()
        self._telling = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._tasks)

    async def wait(self) -> None:
        """Wait until a chunk, or all that are under way, is settled; not at all where there is none."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def tell_refusals(self, *, at_ms: int, is_closing: bool = False) -> None:
        """Make durable what is to be told of refused frames, or keep it for another time.

        Args:
            at_ms: Business time, Unix ms.
            is_closing: Sums of hours that are not over too.
        """
        refusals = self._notices.refusals
        async with self._telling:
            while rows := refusals.waiting(at_ms=at_ms, is_closing=is_closing):
                try:
                    await self._event_log.append(encode([row.event for row in rows]))
                except Unavailable:
                    self._counts["refusals_not_durable"] += 1
                    return
                refusals.told(len(rows))
                self._counts["refusals_not_kept"] = refusals.untold.failures

    def begin(self, links: list[Link], frames: Frames, decoded: Decoded, *, received_at: int) -> None:
        """Read what the kernel left, hand answers to whoever asked, and begin to make all of it durable.

        Args:
            received_at: Unix milliseconds.
        """
        loop = asyncio.get_running_loop()
        durable: asyncio.Future[None] = loop.create_future()
        events = self._notices.take_events()
        rest, told = self._rest(links, frames, decoded, received_at)
        events += told + [_clock_event(device, received_at) for device in decoded.clock_bad]
        columns = joined([decoded.columns, *rest])
        _reply(links, frames, decoded, columns, durable)
        task = loop.create_task(self._settle(links, columns, events, decoded.confirms, durable))
        self._tasks.add(task)
        task.add_done_callback(self._settled)

    def _rest(
        self, links: Sequence[Link], frames: Frames, decoded: Decoded, received_at: int
    ) -> tuple[list[Measured], list[DeviceEvent]]:
        """Values and events of the frames the kernel left; their confirmations join those of their links."""
        columns: list[Measured] = []
        events: list[DeviceEvent] = []
        for index in decoded.other.tolist():
            if int(frames.table.afn[index]) in (LINK, CONFIRM):
                continue
            link, is_push = links[frames.link[index]], bool(frames.table.control[index] & _PRM)
            told = readable.told_by(frames.raw(index), device=link.device, received_at=received_at)
            events += told.events
            self._counts["not_understood"] += bool(told.left)
            origin = Origin.PUSHED if is_push else link.origin
            columns.append(columns_of_rows(told.rows, origin=origin, received_at=received_at))
            if is_push and frames.table.seq[index] & _CON:
                decoded.confirms[frames.link[index]] += confirmations(frames, np.array([index])).tobytes()
        return columns, events

    async def _settle(
        self,
        links: Sequence[Link],
        columns: Measured,
        events: list[DeviceEvent],
        confirms: Sequence[bytes],
        durable: "asyncio.Future[None]",
    ) -> None:
        """Make a chunk durable, then confirm it."""
        try:
            await asyncio.gather(*(self._log.append(entry) for entry in log_entries(columns)))
            if events:
                await self._event_log.append(encode(events))
        except Unavailable as cause:
            self._counts["not_durable"] += 1
            durable.set_exception(cause)
            durable.exception()
            return
        durable.set_result(None)
        self._counts["rows"] += len(columns["at"])
        for link, data in zip(links, confirms, strict=True):
            if not link.is_fenced:
                link.send(data)

    def _settled(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._on_settled()


def _reply(links: Sequence[Link], frames: Frames, decoded: Decoded, columns: Measured, durable: "asyncio.Future[None]") -> None:
    """Hand the frames that answer a request to whoever asked; values only to who asked on demand."""
    for index in decoded.solicited.tolist():
        link = links[frames.link[index]]
        if link.on_reply is not None:
            values = values_of(columns, link.origin) if link.origin == Origin.ON_DEMAND else []
            is_last = bool(frames.table.seq[index] & FIN)
            link.on_reply(Reply(frames.raw(index), is_last, durable, values))


def _clock_event(device: int, received_at: int) -> DeviceEvent:
    return DeviceEvent(device=device, code="clock_bad", at=received_at // 1000 // 86_400 * 86_400, received_at=received_at)
