"""Letters as they come in: read, held to what the broker vouches for, and matched with whoever takes them."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from traceback import format_exception
from typing import TYPE_CHECKING

import pyarrow as pa
import structlog

from metropool.core.clock import Instant
from metropool.core.errors import Invalid, MetropoolError
from metropool.core.identifiers import SystemId
from metropool.exchange.envelope import Envelope, from_bytes, open_envelope
from metropool.exchange.messages import Message, check_content, check_own_name, check_where
from metropool.exchange.outbox import Named
from metropool.exchange.ports import Delivery
from metropool.exchange.ways import Way

if TYPE_CHECKING:
    from metropool.runtime.node import Hosted

log = structlog.get_logger()
TOGETHER_BYTES = 256 << 10
"""Letters that share a commit are no larger than this together: what waits for the writer waits for no more."""


@dataclass(frozen=True)
class Letter:
    """A letter that can be taken in, by the capabilities named in ``taking``."""

    delivery: Delivery
    envelope: Envelope
    message: Message
    taking: tuple[str, ...]

    @property
    def came(self) -> tuple[Envelope, bytes, int, int]:
        """What its evidence is of: envelope, bytes, position, and how many rows its table has (0 where it carries none)."""
        table: pa.Table | None = getattr(self.message, "rows", None)
        rows = 0 if table is None else table.num_rows
        return self.envelope, self.delivery.data, self.delivery.position, rows


def first_of_each(letters: Iterable[Letter]) -> dict[Named, Letter]:
    """Sender and id to letter, in order; of those that came twice the first."""
    found: dict[Named, Letter] = {}
    for letter in letters:
        found.setdefault((letter.envelope.sender, letter.envelope.id), letter)
    return found


def read_letter(delivery: Delivery, system: SystemId, hosted: Mapping[str, "Hosted"], *, passes: Container[str] = ()) -> Letter:
    """Read what came in; ``passes`` are the phrases that go on from here whether or not anything here takes them.

    Raises:
        Invalid: It is no letter, or not the one the broker says, or nothing here takes it.
    """
    return letter_of(_vouched_for(delivery, system), delivery, system, hosted, passes=passes)


def letter_of(
    envelope: Envelope, delivery: Delivery, system: SystemId, hosted: Mapping[str, "Hosted"], *, passes: Container[str] = ()
) -> Letter:
    """Read an envelope that was delivered.

    Raises:
        Invalid: It cannot be read, or nothing here takes it.
    """
    message = open_envelope(envelope)
    return Letter(delivery, envelope, message, taking(type(message), system, hosted, else_on=envelope.phrase in passes))


def check_way(letter: Letter, ways: Sequence[Way], *, parties: Mapping[str, str]) -> None:
    """Hold a letter to its way: where it may have begun, in whose name it speaks, of what, and how.

    Raises:
        Invalid: It says that it began where it cannot have, speaks in another's name, of something else, or as nobody can read.
    """
    envelope = letter.envelope
    way = next((one for one in ways if (one.sender, one.phrase, one.receiver) == _of(envelope)), None)
    if way is None:
        return
    if envelope.speaker not in way.speakers:
        begins = " or ".join(sorted(way.speakers))
        raise Invalid(f"{envelope.phrase} of {envelope.sender} begins with {begins}, not with {envelope.speaker}")
    check_where(letter.message, way.wheres)
    check_content(letter.message)
    if envelope.speaker in parties:
        check_own_name(letter.message, system=envelope.speaker, party=parties[envelope.speaker])


def _of(envelope: Envelope) -> tuple[str, str, str]:
    return envelope.sender, envelope.phrase, envelope.receiver


def taking(kind: type[Message], system: SystemId, hosted: Mapping[str, "Hosted"], *, else_on: bool = False) -> tuple[str, ...]:
    """The capabilities of a system that take a class of message; none where it goes on from here all the same (``else_on``).

    Raises:
        Invalid: None does.
    """
    found = tuple(name for name, host in hosted.items() if kind in host.capability.consumes)
    if not found and not else_on:
        raise Invalid(f"nothing hosted on {system} takes {kind.__name__}")
    return found


def envelope_of(delivery: Delivery, system: SystemId, *, at: Instant) -> Envelope:
    """The envelope of what came in; for bytes that are none, one made of what the broker says, so that they can be parked."""
    try:
        return _vouched_for(delivery, system)
    except Invalid:
        return Envelope(
            id=f"unreadable-{system}-{delivery.position}",
            phrase=delivery.phrase,
            kind="?",
            version=0,
            sender=delivery.sender,
            receiver=system,
            at=at,
            body=delivery.data,
        )


def why_not(fault: Exception, delivery: Delivery, system: SystemId) -> str:
    """The reason a letter is parked with; what is no refusal is a fault of ours, and logged."""
    if isinstance(fault, MetropoolError):
        return str(fault)
    log.error("a fault of ours", system=system, phrase=delivery.phrase, fault="".join(format_exception(fault)))
    return f"a fault of ours: {type(fault).__name__}"


def shared_out(deliveries: Iterable[Delivery]) -> Iterator[list[Delivery]]:
    """Deliveries in groups that may share a commit, in order; a large one is alone."""
    group: list[Delivery] = []
    size = 0
    for delivery in deliveries:
        size += len(delivery.data)
        if group and size > TOGETHER_BYTES:
            yield group
            group, size = [], len(delivery.data)
        group.append(delivery)
    if group:
        yield group


def _vouched_for(delivery: Delivery, system: SystemId) -> Envelope:
    envelope = from_bytes(delivery.data)
    if (envelope.sender, envelope.phrase, envelope.receiver) != (delivery.sender, delivery.phrase, system):
        raise Invalid(f"the envelope names {envelope.sender}, the broker {delivery.sender}")
    return envelope
