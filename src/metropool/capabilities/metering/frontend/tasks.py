"""What core and front end say to each other across the zone border: bounded, parsed, versioned by their names.

The core introduces who exists (``AddressBook``) and asks for ``Task`` by ``Task``; the front end says how each went (``Answer``)
and who is connected (``Contact``). Measured values of any size do not travel here: they go through the log. The front end
keeps nothing of this that it cannot be told again.
"""

from typing import Literal

import msgspec

from metropool.devices.gdw1376.profile import MeterProfile

SUBJECTS = "frontend.metering"
"""Request/reply subjects of the broker: ``frontend.metering.introduce``, ``.task``, ``.contacts``, ``.events``."""


LinkKind = Literal["gdw1376", "transparent"]
Result = Literal["answered", "denied", "silent", "unreachable", "expired", "lost"]


class Terminal(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that keeps, or is dialled for, a link of its own.

    Attributes:
        address: Device address (``devices.addresses``).
        kind: ``gdw1376`` dials in and logs in; ``transparent`` is a plain meter behind a TCP modem.
        host, port: Where a transparent meter is dialled; empty and 0 when it dials in.
        heartbeat_s: Period it promised; three without a byte close the link.
        link: ``sealed`` with its own key, or ``plain``: heard as it comes, because its registry row says so.
    """

    address: int
    kind: LinkKind = "gdw1376"
    host: str = ""
    port: int = 0
    heartbeat_s: int = 300
    link: Literal["sealed", "plain"] = "sealed"


class AddressBook(msgspec.Struct, frozen=True, kw_only=True):
    """All terminals there are; replaces the book before."""

    terminals: list[Terminal]


class Task(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One thing to do at one terminal, never at or after ``expires_at`` [Unix ms, business clock]."""

    id: str
    terminal: int
    expires_at: int


class Read(Task, frozen=True, kw_only=True):
    """Read one item of points and meters; what comes goes to the log as measured values.

    Attributes:
        item: Reading type.
        points: Measuring points (376.1) of the terminal.
        meters: Addresses of meters asked through it, frame by frame.
        day: Business day, as days since 1970-01-01.
        first_slot, last_slot, interval_s: Slots wanted, last one not included.
        origin: What the values are marked with: 1 scheduled, 3 on demand, 5 re-collected.
    """

    item: int
    points: list[int] = []
    meters: list[int] = []
    day: int = 0
    first_slot: int = 0
    last_slot: int = 1
    interval_s: int = 86_400
    origin: int = 1


class Forward(Task, frozen=True, kw_only=True):
    """Send one frame to a meter, once; its answer says accepted or refused. Made by the core, which holds the passwords."""

    meter: int
    frame: bytes


class ReadClock(Task, frozen=True, kw_only=True):
    """Read the clocks of meters, one after the other, and of the terminal itself.

    Attributes:
        meters: Addresses of meters asked through the terminal.
        own: The terminal's own clock too.
    """

    meters: list[int] = []
    own: bool = False


class SetClock(Task, frozen=True, kw_only=True):
    """Set the clock of one meter, once, to the time at which the frame leaves.

    Attributes:
        meter: Its address.
        authority: Password level, password and operator of a DL/T 645 write; empty for the time set, which the meter never
            answers and takes within five minutes only. CJ/T 188 needs none.
    """

    meter: int
    authority: bytes = b""


class SetProfile(Task, frozen=True, kw_only=True):
    """Write what the terminal knows of one meter into its archive, once."""

    profile: MeterProfile


class ReadProfile(Task, frozen=True, kw_only=True):
    """Read back what the terminal's archive has under one device number."""

    number: int


Order = Forward | SetClock | SetProfile
"""What changes something out there: done once, never late."""

AnyTask = Read | ReadClock | ReadProfile | Order


def expiry_of(task: AnyTask) -> int:
    """From when on the device must not act on a frame of this task [Unix s]; 0 for never: what only reads harms nobody late."""
    return task.expires_at // 1000 if isinstance(task, Order) else 0


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """One value, for somebody who waits for it."""

    device: int
    point: int
    item: int
    at: int
    value: int


class ClockShown(msgspec.Struct, frozen=True, kw_only=True):
    """What a clock showed, between which instants of ours [Unix ms]; ``shown_at`` [Unix s], None when it named no time."""

    device: int
    shown_at: int | None
    asked_at: int
    heard_at: int


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """How a task went.

    Attributes:
        task: Its id.
        result: ``answered``; ``denied`` by terminal or meter; ``silent`` within the time-out; ``unreachable``: no link;
            ``expired``: not even begun; ``lost``: the link broke after sending.
        at: When [Unix ms].
        detail: What a person should know, such as the refusal's reason.
        values: Values read, for tasks with few of them (on demand, read-back).
        clocks: Clocks read.
        profiles: Rows of the terminal's archive; None where it did not tell it.
    """

    task: str
    result: Result
    at: int
    detail: str = ""
    values: list[Value] = []
    clocks: list[ClockShown] = []
    profiles: list[MeterProfile] | None = None


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """How a terminal stands: ``online``, ``offline``, ``quarantined``; times Unix ms."""

    terminal: int
    state: Literal["online", "offline", "quarantined"]
    since: int
    last_heard_at: int
    detail: str = ""


class DeviceEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something a terminal told or the front end noticed about it."""

    device: int
    code: str
    at: int
    received_at: int
    detail: dict[str, str | int | None] = {}


def encode(what: AddressBook | Task | Answer | list[Contact] | list[DeviceEvent]) -> bytes:
    """As bytes for the broker (msgpack)."""
    return msgspec.msgpack.encode(what)


decode_book = msgspec.msgpack.Decoder(AddressBook).decode
decode_task = msgspec.msgpack.Decoder(AnyTask).decode
decode_answer = msgspec.msgpack.Decoder(Answer).decode
decode_contacts = msgspec.msgpack.Decoder(list[Contact]).decode
decode_events = msgspec.msgpack.Decoder(list[DeviceEvent]).decode
