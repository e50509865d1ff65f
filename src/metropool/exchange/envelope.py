"""The bytes that travel: a message with who says it to whom, under which phrase. The envelope id comes from the business key."""

import hashlib
from datetime import datetime
from typing import Annotated, Any

import msgspec
import pyarrow as pa

from metropool.core.errors import Invalid
from metropool.core.identifiers import SystemId, derived_id
from metropool.exchange.messages import MESSAGES, Message, check_rows
from metropool.exchange.streams import read_stream, rows_in

MAX_BYTES = 1 << 20
OF = "@@"
"""In no id: what a receiver calls a letter whose id another sender's letter has there is ``<id>@@<sender>``."""
# A letter is small: handing its columns to other threads costs more than they save.
_WRITE = pa.ipc.IpcWriteOptions(compression="zstd", use_threads=False)
_CLASSES = {kind.__name__: kind for kind in MESSAGES}
Name = Annotated[str, msgspec.Meta(max_length=128, pattern=r"^[^\x00-\x1f]*$")]
Id = Annotated[str, msgspec.Meta(max_length=128, pattern=rf"^(?!.*{OF})[^\x00-\x1f]*$")]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Where a letter that is passed on came from: the system that said it, and the id of what it said."""

    system: Name
    letter: Name


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which part of a batch a letter is: of what was told at once and is larger than a letter (``parts.py``).

    Attributes:
        batch: What its parts have in common, drawn by the system it began with, the same along every way it is passed on.
        number: From 1 to ``of``.
        of: How many parts the batch has.
        whole: SHA-256 over the SHA-256 of the bodies of all parts in their order; empty where who seals it does not know yet.
        less: Something of this part was held back after the batch was told: the bodies that come are not those of ``whole``.
    """

    batch: Id
    number: int
    of: int
    whole: Name = ""
    less: bool = False


class Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message on its way from one system to another.

    Attributes:
        id: Derived from sender, receiver, phrase and business key: a repeat has the same id. It is the
            sender's own: another's letter may have the same.
        phrase: Message id of the contract, such as ``water_bills``.
        kind: Name of the message class; with ``version`` it says how ``body`` is read.
        body: The message, msgpack; tables inside are Arrow streams.
        through: Of a letter that is passed on, every letter it was before, the first one first; the sender vouches for it.
        part: Of a letter that is one of a batch, which; it takes effect without the others all the same.
    """

    id: Id
    phrase: Name
    kind: Name
    version: int
    sender: Name
    receiver: Name
    at: datetime
    body: bytes
    through: tuple[Step, ...] = ()
    part: Part | None = None

    @property
    def speaker(self) -> str:
        """The system it began with."""
        return self.through[0].system if self.through else self.sender


def seal(
    *,
    message: Message,
    key: str,
    phrase: str,
    sender: SystemId,
    receiver: SystemId,
    at: datetime,
    through: tuple[Step, ...] = (),
    part: Part | None = None,
    number: int = 1,
) -> Envelope:
    """Put a message in its envelope; ``through`` says which letters it was before, where it is passed on, ``number`` which of
    several letters of its key it is.

    Raises:
        Invalid: The rows are not those of its class, or the body is larger than 1 MiB: tell it in parts.
    """
    body = body_of(message)
    if len(body) > MAX_BYTES:
        raise Invalid(f"{phrase}: {len(body)} bytes is more than a message may have ({MAX_BYTES}); tell it in parts")
    return Envelope(
        id=derived_letter(sender=sender, receiver=receiver, phrase=phrase, key=key, number=number),
        phrase=phrase,
        kind=type(message).__name__,
        version=message.version,
        sender=sender,
        receiver=receiver,
        at=at,
        body=body,
        through=through,
        part=part,
    )


def body_of(message: Message) -> bytes:
    """The bytes of a message, the same for the same message.

    Raises:
        Invalid: The rows are not those of its class.
    """
    check_rows(message)
    return msgspec.msgpack.encode(message, enc_hook=_write_table)


def derived_letter(*, sender: str, receiver: str, phrase: str, key: str, number: int = 1) -> str:
    """The id of the letter that says this business key this way, of several the one of this number: no other key's letter has it."""
    return derived_id(sender, receiver, phrase, key, *(() if number == 1 else (str(number),)))


def with_less(envelope: Envelope, message: Message) -> Envelope:
    """The envelope with a message in it that says less than the one it had; where it is a part, it says so."""
    part = envelope.part and msgspec.structs.replace(envelope.part, whole="", less=True)
    return msgspec.structs.replace(envelope, body=body_of(message), part=part)


def open_envelope(envelope: Envelope) -> Message:
    """Read the message of an envelope.

    Raises:
        Invalid: Unknown class or version, larger than 1 MiB, or a body that is not what its class says.
    """
    if len(envelope.body) > MAX_BYTES:
        raise Invalid(f"{envelope.phrase}: {len(envelope.body)} bytes is more than a message may have ({MAX_BYTES})")
    kind = _CLASSES.get(envelope.kind)
    if kind is None or envelope.version != kind.version:
        raise Invalid(f"{envelope.phrase}: no message {envelope.kind} version {envelope.version} is known here")
    try:
        message = msgspec.msgpack.decode(envelope.body, type=kind, dec_hook=_read_table)
    except Exception as cause:  # whatever somebody's bytes make of a reader, it is they that are wrong
        raise Invalid(f"{envelope.phrase}: the body is no {envelope.kind}: {_said(cause)}") from cause
    check_rows(message)
    return message


def rows_of(envelope: Envelope) -> int:
    """How many rows its table says it has, whatever its class and version; 0 where it has none or cannot be read."""
    try:
        return rows_in(msgspec.msgpack.decode(envelope.body)["rows"])
    except Exception:  # as above: it is only counted
        return 0


def to_bytes(envelope: Envelope) -> bytes:
    """The bytes that travel and that evidence is made of."""
    return msgspec.msgpack.encode(envelope)


def from_bytes(data: bytes) -> Envelope:
    """Read the bytes that travelled.

    Raises:
        Invalid: Not an envelope.
    """
    try:
        return msgspec.msgpack.decode(data, type=Envelope)
    except Exception as cause:  # as above
        raise Invalid(f"not an envelope: {_said(cause)}") from cause


def digest(data: bytes) -> str:
    """SHA-256 of the bytes that travelled."""
    return hashlib.sha256(data).hexdigest()


def _said(cause: Exception) -> str:
    return str(cause)[:200] or type(cause).__name__


def _write_table(value: Any) -> Any:
    if not isinstance(value, pa.Table):
        raise TypeError(f"a message carries no {type(value).__name__}")
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, value.schema, options=_WRITE) as writer:
        writer.write_table(value)
    return sink.getvalue().to_pybytes()


def _read_table(kind: type, value: Any) -> Any:
    if kind is not pa.Table:
        raise TypeError(f"a message carries no {kind.__name__}")
    return read_stream(value)
