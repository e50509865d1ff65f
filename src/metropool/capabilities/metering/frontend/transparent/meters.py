"""Plain DL/T 645 meters behind TCP modems (transparent links): dialled, asked, read in frames; no concentrator in between."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from metropool.capabilities.metering.frontend import clocks, readable
from metropool.capabilities.metering.frontend.chunks.measured import batch_bytes, columns_of_rows, measured_batch
from metropool.capabilities.metering.frontend.notices import Notices
from metropool.capabilities.metering.frontend.requests import meter_read
from metropool.capabilities.metering.frontend.sealed.links import SealedLinks
from metropool.capabilities.metering.frontend.tasks import (
    Answer,
    AnyTask,
    ClockShown,
    Forward,
    Order,
    Read,
    ReadClock,
    ReadProfile,
    Result,
    SetClock,
    SetProfile,
    Terminal,
    Value,
    expiry_of,
)
from metropool.capabilities.metering.frontend.transparent import settled
from metropool.capabilities.metering.frontend.transparent.asking import TRIES, ask, send
from metropool.capabilities.metering.frontend.transparent.lines import Line, Lines
from metropool.capabilities.metering.ports import Log
from metropool.core.clock import Clock
from metropool.core.errors import Invalid, Unavailable
from metropool.core.quantities import reading_types_by_id
from metropool.devices import addresses
from metropool.devices.dlt645 import requests as dlt645
from metropool.devices.dlt645.frame import Frame, encode_frame
from metropool.devices.dlt645.rows import rows_of
from metropool.devices.rows import FREEZE_TIME, FREEZE_UNDATED, Row

_ON_DEMAND = 3
_FREEZES = {"electricity_forward_register": 0x050601, "electricity_reverse_register": 0x050602}
_FREEZE_TIME, _FREEZES_HELD, _DAY_S = 0x050600, 62, 86_400


class TransparentMeters:
    """All plain meters of a front end.

    Args:
        clock: Business time.
        log: Where values become durable before a task is answered.
        notices: Told which meters are connected, and when one was last heard.
        sealed: What greets and opens sealed lines.
    """

    def __init__(self, *, clock: Clock, log: Log, notices: Notices, sealed: SealedLinks) -> None:
        self._clock, self._log = clock, log
        self._lines = Lines(clock=clock, notices=notices, sealed=sealed)

    def introduce(self, terminals: Iterable[Terminal]) -> None:
        """Take the plain meters of an address book."""
        self._lines.introduce(terminals)

    def keep(self, *, now: float) -> None:
        """Dial whoever is not connected.

        Args:
            now: Machine time [s].
        """
        self._lines.keep(now=now)

    def has(self, address: int) -> bool:
        """The address is a plain meter's."""
        return address in self._lines

    async def carry_out(self, task: AnyTask) -> Answer:
        """Do one task at the meter it names as its terminal."""
        line = self._lines[task.terminal]
        async with line.lock:
            if self._now_ms() >= task.expires_at:
                return self._answer(task, "expired")
            try:
                await self._lines.dial(line)
                line.expires_s = expiry_of(task)
            except (OSError, TimeoutError) as cause:
                return self._answer(task, "unreachable", f"{line.terminal.host}:{line.terminal.port}: {cause or 'no answer'}")
            try:
                answer = await self._do(line, task)
            except TimeoutError:
                self._lines.hang_up(line)
                return self._answer(task, "silent", "no answer in time")
            except (OSError, asyncio.IncompleteReadError) as cause:
                self._lines.hang_up(line)
                return self._answer(task, "lost", f"the line broke: {cause}")
            self._lines.heard(line)
            return answer

    async def close(self) -> None:
        """Hang up everywhere."""
        await self._lines.close()

    async def _do(self, line: Line, task: AnyTask) -> Answer:
        try:
            if not isinstance(task, Read):
                return await self._do_other(line, task)
            rows = await self._read(line, task)
        except Invalid as cause:
            return self._answer(task, "denied", cause.what)
        columns = columns_of_rows(rows, origin=task.origin, received_at=self._now_ms())
        if not rows:
            return self._answer(task, "denied", "the meter has no such value")
        try:
            await self._log.append(batch_bytes(measured_batch(columns)))
        except Unavailable as cause:
            return self._answer(task, "lost", cause.what)
        return self._answer(task, "answered", values=rows)

    async def _do_other(self, line: Line, task: Order | ReadClock | ReadProfile) -> Answer:
        if isinstance(task, SetProfile | ReadProfile):
            raise Invalid("a meter on a line of its own has no terminal that keeps its profile")
        if isinstance(task, Forward):
            return await self._order(line, task, task.frame)
        return await (self._set_clock(line, task) if isinstance(task, SetClock) else self._read_clock(line, task))

    async def _order(self, line: Line, task: AnyTask, frame: bytes) -> Answer:
        verdict = readable.meter_verdict(encode_frame(await ask(line, frame, tries=1)))
        return self._answer(task, verdict.result, verdict.detail)

    async def _set_clock(self, line: Line, task: SetClock) -> Answer:
        answer = self._answer(task, "answered")
        for make in clocks.clock_writes(task):
            written = make(self._clock.now())
            if written.is_answered:
                answer = await self._order(line, task, written.frame)
            else:
                await send(line, written.frame)
            if answer.result != "answered":
                break
        return answer

    async def _read_clock(self, line: Line, task: ReadClock) -> Answer:
        told = []
        for frame in clocks.clock_reads(task.terminal):
            asked_at = self._now_ms()
            answer = encode_frame(await ask(line, frame, tries=1))
            told.append(clocks.Exchanged(task.terminal, answer, asked_at, self._now_ms()))
        return self._answer(task, "answered", clocks_told=list(clocks.clocks_shown(told)))

    async def _read(self, line: Line, task: Read) -> list[Row]:
        """The values of a task; the present register, as of now, where the meter holds no freeze of the day.

        Raises:
            Invalid: The meter refuses, or has no such item.
        """
        if task.item == settled.ITEM.id:
            return [await self._read_month(line, task)]
        freeze = _FREEZES.get(reading_types_by_id()[task.item].code)
        if task.interval_s == _DAY_S and task.origin != _ON_DEMAND and freeze is not None:
            found = await self._read_freeze(line, task, freeze)
            if found:
                return found
        return _rows(await ask(line, meter_read(task.terminal, item=task.item), tries=TRIES))

    async def _read_freeze(self, line: Line, task: Read, data_id: int) -> list[Row]:
        """The daily freeze that closes a business day, found by its own time, not by its index alone; nothing when not held."""
        closes = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=task.day + 1, hours=-8)
        index = self._index_of(task.day)
        for guess in sorted({index, max(index - 1, 1), min(index + 1, _FREEZES_HELD)}, key=lambda n: abs(n - index)):
            try:
                stamps = _rows(await ask(line, _freeze_read(task.terminal, _FREEZE_TIME, guess), tries=TRIES))
            except Invalid:
                return []
            if [stamp.value for stamp in stamps if stamp.flag & FREEZE_TIME] == [int(closes.timestamp())]:
                values = _rows(await ask(line, _freeze_read(task.terminal, data_id, guess), tries=TRIES))
                return [
                    Row(row.device, 0, row.item, int(closes.timestamp()), row.value, row.quality)
                    for row in values
                    if row.flag & FREEZE_UNDATED
                ]
        return []

    async def _read_month(self, line: Line, task: Read) -> Row:
        """What the meter kept at the end of the month whose last business day is asked for.

        Raises:
            Invalid: It has none of that instant.
        """
        frames = settled.month_frames(task.terminal, day=task.day, today=self._today())
        settles, register = [await ask(line, frame, tries=TRIES) for frame in frames]
        return settled.month_row(task.terminal, day=task.day, settles=settles, register=register)

    def _index_of(self, day: int) -> int:
        """1 for yesterday's freeze, 2 for the one before."""
        return min(max(self._today() - day, 1), _FREEZES_HELD)

    def _today(self) -> int:
        """Business day now, as days since 1970-01-01."""
        return int(self._clock.now().timestamp() + 8 * 3600) // _DAY_S

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)

    def _answer(
        self,
        task: AnyTask,
        result: Result,
        detail: str = "",
        values: list[Row] | None = None,
        clocks_told: list[ClockShown] | None = None,
    ) -> Answer:
        told = [
            Value(device=row.device, point=0, item=row.item, at=row.at or self._now_ms() // 1000, value=row.value)
            for row in values or []
            if row.quality == 0
        ]
        return Answer(
            task=task.id, result=result, at=self._now_ms(), detail=detail[:200], values=told[:64], clocks=clocks_told or []
        )


def _freeze_read(meter: int, kind: int, index: int) -> bytes:
    address = addresses.unpack(meter & (1 << 64) - 1).address
    return encode_frame(dlt645.read(address=address, data_id=kind << 8 | index), preamble=4)


def _rows(answer: Frame) -> list[Row]:
    """Values of an answer.

    Raises:
        Invalid: The meter refuses.
    """
    if answer.is_refusal:
        raise Invalid("the meter refuses")
    return [row for row in rows_of(answer).rows if row.quality == 0]
