"""How a capability declares itself: what it is told, tells, is asked, orders and keeps. A plan places it on a system."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from sqlalchemy import MetaData

from metropool.core.identifiers import PartyId, SystemId
from metropool.exchange.messages import Message

Handler = Callable[..., None]
"""Called as ``handler(work=…, message=…)`` inside a unit of work."""

Adapter = Callable[..., Any]
"""Called with the ``UnitContext``; gives one of the names in ``keeps``."""


class Way(Protocol):
    """Where a message may go, as the running plan has it."""

    @property
    def phrase(self) -> str: ...
    @property
    def receiver(self) -> SystemId: ...
    @property
    def receiver_party(self) -> PartyId: ...
    @property
    def needs_consent(self) -> bool: ...


@dataclass(frozen=True)
class Release:
    """What a capability lets go of a message class: asked when it is told, and again by the relay before it is sent.

    Attributes:
        may_leave: Called as ``may_leave(work=…, message=…, way=…) -> Message | None``: what of it may leave now; changes nothing.
        told: Called as ``told(work=…, message=…, way=…, key=…)`` in the unit that puts a letter in the outbox.
        withheld: Called the same when the relay holds a letter back that was told, wholly or in part; the message is what is
            left of it, or None.
    """

    may_leave: Callable[..., Message | None]
    told: Callable[..., None]
    withheld: Callable[..., None]


@dataclass(frozen=True)
class Worker:
    """Work that falls due: ``step(work=…)`` is one unit; it returns when it is due next, or None to wait ``every``.

    Attributes:
        name: Unique in its capability.
        step: Called as ``step(work=…) -> datetime | None``, or ``step(work=…, prepared=…)`` where there is ``prepare``.
        every: Business time between steps when the step does not say.
        prepare: Long work on a consistent view, before the unit: called as ``prepare(work=…)``; it may write lake files that
            the step lists, and changes nothing else.
    """

    name: str
    step: Callable[..., Any]
    every: timedelta
    prepare: Callable[..., Any] | None = None


@dataclass(frozen=True)
class Capability:
    """An ability that a plan can place on a system.

    Attributes:
        name: Folder of the capability.
        rows: What a plan may host it for, such as ``("water", "gas")``; empty: it is hosted as a whole.
        consumes: Message class to the operation that takes it.
        produces: Message classes it tells or orders.
        keeps: Attribute of its unit of work to the adapter that gives it: its own tables, nobody else's.
        tables: The tables behind ``keeps``.
        workers: What it does when time passes.
        is_door: It says what the system's own software, which is not ours, gives it: what a plan may rely on there, only that
            software can know.
        has_room: Called as ``has_room(work=…)`` before more is fetched; while it is false letters wait at the broker.
        releases: Message class to what may leave of it; a class that is not named may leave, unless its way needs consent.
    """

    name: str
    rows: tuple[str, ...] = ()
    consumes: Mapping[type[Message], Handler] = field(default_factory=dict)
    produces: tuple[type[Message], ...] = ()
    keeps: Mapping[str, Adapter] = field(default_factory=dict)
    tables: tuple[MetaData, ...] = ()
    workers: tuple[Worker, ...] = ()
    is_door: bool = False
    has_room: Callable[..., bool] | None = None
    releases: Mapping[type[Message], Release] = field(default_factory=dict)
