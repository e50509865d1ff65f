"""Tasks carried out over links: one request at a time on each link, matched by number, function and meter, bounded in time."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import msgspec

from metropool.capabilities.metering.frontend import clocks, readable
from metropool.capabilities.metering.frontend.chunks.decoder import NOT_ASKED
from metropool.capabilities.metering.frontend.links import Link, Reply
from metropool.capabilities.metering.frontend.requests import Request, requests_of
from metropool.capabilities.metering.frontend.tasks import (
    Answer,
    AnyTask,
    ClockShown,
    Read,
    ReadClock,
    ReadProfile,
    Result,
    SetClock,
    Value,
    expiry_of,
)
from metropool.core.clock import Clock
from metropool.core.errors import Invalid, Unavailable
from metropool.devices.gdw1376.frame import SINGLE, decode_frame, encode_frame
from metropool.devices.gdw1376.profile import profiles_shown

TRIES = 2
"""A read that nothing answers is sent once more; a command never is."""


@dataclass
class Outcome:
    """How one request went: ``result``, why, what it brought (durable later), of whom, and when it was asked and heard [Unix ms]."""

    result: Result
    detail: str = ""
    replies: list[Reply] = field(default_factory=list)
    meter: int = 0
    asked_at: int = 0
    heard_at: int = 0

    @property
    def values(self) -> list[Value]:
        """Values that came, for tasks that want them."""
        return [value for reply in self.replies for value in reply.values]


async def carry_out(task: AnyTask, *, link: Link, clock: Clock) -> Answer:
    """Do a task on the link of its terminal and say how it went, once everything it brought is durable."""
    try:
        requests = requests_of(task, region=f"{link.terminal >> 16:04X}", terminal=link.terminal & 0xFFFF, now=clock.now)
        # A clock is set to the time at which its frame leaves: that frame is made when its turn has come, not before.
        requests = requests if isinstance(task, SetClock) else iter(list(requests))
        async with link.lock:
            outcomes = await _ask_all(task, requests, link=link, clock=clock)
    except Invalid as cause:
        return _answer(task, clock, Outcome("denied", cause.what))
    return await _when_durable(task, clock, outcomes)


async def _ask_all(task: AnyTask, requests: Iterable[Request], *, link: Link, clock: Clock) -> list[Outcome]:
    """The requests one after the other; after one that failed, no further one of the same meter."""
    tries = TRIES if isinstance(task, Read) else 1
    outcomes: list[Outcome] = []
    for request in requests:
        if outcomes and request.meter and outcomes[-1].meter == request.meter and outcomes[-1].result != "answered":
            continue
        if _now_ms(clock) >= task.expires_at:
            outcomes.append(Outcome("expired"))
            break
        outcome = await _ask(link, request, task=task, tries=tries, clock=clock)
        outcomes.append(replace(outcome, meter=request.meter))
        if outcome.result in ("lost", "unreachable") or _is_deaf(outcomes):
            break
    return outcomes


async def _ask(link: Link, request: Request, *, task: AnyTask, tries: int, clock: Clock) -> Outcome:
    outcome = Outcome("unreachable")
    for _ in range(tries):
        if not link.is_open or link.is_fenced:
            return outcome
        outcome = await _ask_once(link, request, task=task, clock=clock)
        if outcome.result != "silent":
            return outcome
    return outcome


async def _ask_once(link: Link, request: Request, *, task: AnyTask, clock: Clock) -> Outcome:
    done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
    replies: list[Reply] = []

    def on_reply(reply: Reply) -> None:
        if request.meter and not readable.is_from(reply.raw, request.meter):
            return
        replies.append(reply)
        if reply.is_last and not done.done():
            done.set_result("answered")

    def on_lost() -> None:
        if not done.done():
            done.set_result("lost")

    link.number = (link.number + 8 + (link.number >= 8)) % 16
    link.asked_afn, link.asked_seq, link.origin = request.frame.afn, link.number, _origin(task)
    link.on_reply, link.on_lost = on_reply, on_lost
    asked_at = _now_ms(clock)
    link.send(encode_frame(replace(request.frame, seq=SINGLE | link.number)), expires_s=expiry_of(task))
    try:
        async with asyncio.timeout(request.patience_s):
            result = await done
    except TimeoutError:
        return Outcome("silent", "no answer in time", replies)
    finally:
        link.asked_afn, link.on_reply, link.on_lost = NOT_ASKED, None, None
    if result == "lost":
        return Outcome("lost", "the link broke after sending", replies)
    verdict = readable.verdict_on(replies[-1].raw)
    result = "answered" if verdict.result == "silent" and not request.is_answered else verdict.result
    return Outcome(result, verdict.detail, replies, asked_at=asked_at, heard_at=_now_ms(clock))


async def _when_durable(task: AnyTask, clock: Clock, outcomes: list[Outcome]) -> Answer:
    """The answer of the whole task; what did not become durable was not answered."""
    try:
        for outcome in outcomes:
            for reply in outcome.replies:
                await asyncio.shield(reply.durable)
    except Unavailable as cause:
        return _answer(task, clock, Outcome("lost", cause.what))
    answer = _answer(task, clock, _together(outcomes))
    if isinstance(task, ReadClock):
        return msgspec.structs.replace(answer, clocks=list(_clocks(task, outcomes)))
    return _with_profiles(answer, outcomes) if isinstance(task, ReadProfile) else answer


def _with_profiles(answer: Answer, outcomes: Iterable[Outcome]) -> Answer:
    """With the rows of the archive; denied where the answer is no archive, so that nothing is taken for an empty one."""
    if answer.result != "answered":
        return answer
    try:
        told = [
            profile for outcome in outcomes for reply in outcome.replies for profile in profiles_shown(decode_frame(reply.raw))
        ]
    except Invalid as cause:
        return msgspec.structs.replace(answer, result="denied", detail=cause.what)
    return msgspec.structs.replace(answer, profiles=told)


def _clocks(task: ReadClock, outcomes: Iterable[Outcome]) -> Iterator[ClockShown]:
    return clocks.clocks_shown(
        [
            clocks.Exchanged(
                outcome.meter or task.terminal, clocks.inner_of(outcome.replies[-1].raw), outcome.asked_at, outcome.heard_at
            )
            for outcome in outcomes
            if outcome.result == "answered" and outcome.replies
        ]
    )


def _together(outcomes: list[Outcome]) -> Outcome:
    """One outcome for many requests: answered when any was; else the last."""
    if not outcomes:
        return Outcome("answered", "nothing to ask")
    answered = [outcome for outcome in outcomes if outcome.result == "answered"]
    chosen = answered[0] if answered else outcomes[-1]
    failed = [outcome for outcome in outcomes if outcome.result != "answered"]
    detail = f"{len(failed)} of {len(outcomes)}: {failed[0].detail}" if failed and len(outcomes) > 1 else chosen.detail
    return Outcome(chosen.result, detail, [reply for outcome in outcomes for reply in outcome.replies])


def _is_deaf(outcomes: Iterable[Outcome]) -> bool:
    """The terminal itself gave no sign for the last request; a silent meter behind it is told by the terminal."""
    *_, last = outcomes
    return last.result == "silent" and not last.replies


def _answer(task: AnyTask, clock: Clock, outcome: Outcome) -> Answer:
    return Answer(
        task=task.id,
        result=outcome.result,
        at=_now_ms(clock),
        detail=outcome.detail[:200],
        values=outcome.values[:64],
    )


def _origin(task: AnyTask) -> int:
    return task.origin if isinstance(task, Read) else 3


def _now_ms(clock: Clock) -> int:
    return int(clock.now().timestamp() * 1000)
