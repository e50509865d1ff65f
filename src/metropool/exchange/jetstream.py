"""The exchange and the log on a NATS server with JetStream: receipts come after fsync (``sync_interval: always``)."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from metropool.core.errors import Forbidden, Unavailable
from metropool.exchange.connection import connect
from metropool.exchange.envelope import Envelope, to_bytes
from metropool.exchange.ports import Delivery, LogEnd, LogEntry

INSTANCE = "main"
RECEIPT_TIMEOUT_S = 5.0
ANSWER_S = 2.0
AWAY_S = 0.25
NOTHING_YET = ("404", "408")


class JetStreamExchange:
    """The exchange of one system.

    Args:
        client: Connection of the system's own broker user.
        system: Its name: the receiver of its inbox, the sender of its letters.
    """

    def __init__(self, client: Client, *, system: str) -> None:
        self._client = client
        self._system = system
        self._asked: dict[str, asyncio.Future[Msg]] = {}

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        system: str,
        seed: str,
        where: Callable[[], str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> "JetStreamExchange":
        """Log in as the system's own user; a letter the broker refuses is known as such at once. ``where``, ``tls``: see ``connect``."""
        exchange: JetStreamExchange | None = None

        def refused(subject: str) -> None:
            if exchange is not None:
                exchange.note_refused(subject)

        exchange = cls(await connect(url, user=system, seed=seed, refused=refused, where=where, tls=tls), system=system)
        return exchange

    @property
    def client(self) -> Client:
        """The connection, for what else its user may do."""
        return self._client

    def note_refused(self, subject: str) -> None:
        """The broker refused to let us publish to a subject."""
        for asked, answer in self._asked.items():
            if asked.lower() == subject and not answer.done():
                answer.set_exception(Forbidden(f"the running plan lists no {subject}"))

    async def deliver(self, envelope: Envelope) -> int:
        """See ``Exchange.deliver``."""
        subject = f"{envelope.receiver}.{INSTANCE}.{envelope.phrase}.{self._system}.{INSTANCE}"
        # No Nats-Msg-Id: senders share the receiver's stream, and one could guess another's id and silence it. The inbox
        # makes a repeat harmless.
        asking = asyncio.ensure_future(self._client.request(subject, to_bytes(envelope), timeout=RECEIPT_TIMEOUT_S))
        refusal: asyncio.Future[Msg] = asyncio.get_running_loop().create_future()
        self._asked[subject] = refusal
        try:
            await asyncio.wait({asking, refusal}, return_when=asyncio.FIRST_COMPLETED)
            return _receipt(refusal.result() if refusal.done() else await asking)
        except (NatsError, TimeoutError, OSError) as cause:
            reason = cause or type(cause).__name__
            raise Unavailable(f"no receipt for {envelope.phrase} to {envelope.receiver}: {reason}") from cause
        finally:
            self._asked.pop(subject, None)
            asking.cancel()

    async def fetch(self, *, limit: int, wait_s: float) -> Sequence[Delivery]:
        """See ``Exchange.fetch``."""
        messages = await fetch(self._client, stream=f"inbox_{self._system}", limit=limit, wait_s=wait_s)
        return [_delivery(message) for message in messages]

    async def close(self) -> None:
        """Leave the broker."""
        await _say(self._client.close)


class JetStreamLog:
    """The log of one system.

    Args:
        client: Connection of a user of the system's account.
        stream: Name of the stream (``log_metering``).
        subject: Subject that batches are published under (``log.metering``).
    """

    def __init__(self, client: Client, *, stream: str, subject: str) -> None:
        self._client = client
        self._stream = stream
        self._subject = subject
        self._unconfirmed: list[tuple[int, Msg]] = []

    async def append(self, batch: bytes, *, part: str) -> int:
        """See ``Log.append``."""
        try:
            answer = await self._client.request(f"{self._subject}.{part}", batch, timeout=RECEIPT_TIMEOUT_S)
        except (NatsError, TimeoutError, OSError) as cause:
            raise Unavailable(f"the log {self._stream} gave no receipt: {cause or type(cause).__name__}") from cause
        return _receipt(answer)

    async def read(self, *, limit: int, wait_s: float) -> Sequence[LogEntry]:
        """See ``Log.read``."""
        messages = await fetch(self._client, stream=self._stream, limit=limit, wait_s=wait_s)
        pairs = [(message.metadata.sequence.stream, message) for message in messages]
        self._unconfirmed.extend(pairs)
        entries = [LogEntry(sequence, message.subject.rsplit(".", 1)[-1], message.data) for sequence, message in pairs]
        return sorted(entries, key=lambda entry: entry.sequence)

    async def end(self) -> LogEnd:
        """See ``Log.end``."""
        try:
            answer = await self._client.request(f"$JS.API.STREAM.INFO.{self._stream}", b"", timeout=RECEIPT_TIMEOUT_S)
        except (NatsError, TimeoutError, OSError) as cause:
            raise Unavailable(f"the log {self._stream} did not say where it ends: {cause or type(cause).__name__}") from cause
        told: dict[str, Any] = json.loads(answer.data)
        if "error" in told:
            raise Unavailable(f"the log {self._stream} did not say where it ends: {told['error'].get('description')}")
        return LogEnd(sequence=int(told["state"]["last_seq"]), made=str(told["created"]))

    async def done(self, sequence: int) -> None:
        """See ``Log.done``."""
        ready = [message for number, message in self._unconfirmed if number <= sequence]
        self._unconfirmed = [pair for pair in self._unconfirmed if pair[0] > sequence]
        for message in ready:
            await _say(message.ack)


async def fetch(client: Client, *, stream: str, limit: int, wait_s: float, consumer: str = "main") -> list[Msg]:
    """Pull what there is, or wait for one, with the one request the user may make: ``CONSUMER.MSG.NEXT`` of its own consumer.

    A request is left only when the server has ended it. One left open would be given messages that nobody hears; they would come
    again after later ones, and whoever counts by sequence would take them for repeats.
    """
    asked = f"{stream}.{consumer}"
    found = await _ask_next(client, asked, wish={"batch": limit, "no_wait": True}, patience_s=ANSWER_S)
    return found or await _ask_next(client, asked, wish={"batch": 1, "expires": int(wait_s * 1e9)}, patience_s=wait_s + ANSWER_S)


async def _ask_next(client: Client, asked: str, *, wish: dict[str, Any], patience_s: float) -> list[Msg]:
    """Messages of one request, until as many came as it asked for or the server says that it ended.

    While the broker is away this takes a moment before it gives nothing: a caller that asks again and again must leave the
    event loop time to reconnect.
    """
    inbox = client.new_inbox()
    messages: list[Msg] = []
    subscription = await client.subscribe(inbox)
    try:
        await client.publish(f"$JS.API.CONSUMER.MSG.NEXT.{asked}", json.dumps(wish).encode(), reply=inbox)
        while len(messages) < wish["batch"]:
            message = await subscription.next_msg(timeout=patience_s)
            status = (message.headers or {}).get("Status")
            if status == "100":
                continue
            if status:
                await _moment(0.0 if status in NOTHING_YET else AWAY_S)
                break
            messages.append(message)
    except TimeoutError:
        pass
    except (NatsError, OSError):
        await _moment(AWAY_S)
    finally:
        await _say(subscription.unsubscribe)
    _heed_cancellation()
    return messages


def _heed_cancellation() -> None:
    """End a task that was asked to end at the very moment a message came: ``asyncio.wait_for`` forgets that up to Python 3.11."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _moment(seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()
    except TimeoutError:
        return


async def _say(word: Callable[[], Awaitable[None]]) -> None:
    """Tell the broker something that it need not hear: while it is away it hands the message over again, which is harmless."""
    try:
        await word()
    except (NatsError, OSError):
        return


def _delivery(message: Msg) -> Delivery:
    receiver_and_more = message.subject.split(".")
    phrase, sender = receiver_and_more[2], receiver_and_more[3]
    return Delivery(
        data=message.data,
        sender=sender,
        phrase=phrase,
        position=message.metadata.sequence.stream,
        attempt=message.metadata.num_delivered or 1,
        done=done_with(message),
        later=put_off(message),
    )


def done_with(message: Msg) -> Callable[[], Awaitable[None]]:
    """Tells the broker that a message need not be handed over again."""
    return partial(_say, message.ack)


def put_off(message: Msg) -> Callable[[float], Awaitable[None]]:
    """Tells the broker to hand a message over again after some seconds."""

    async def later(seconds: float) -> None:
        await _say(partial(message.nak, delay=seconds))

    return later


def _receipt(answer: Msg) -> int:
    """The position in a PubAck.

    Raises:
        Unavailable: The stream refused the message (full, for one).
    """
    receipt: dict[str, Any] = json.loads(answer.data)
    if "error" in receipt:
        raise Unavailable(f"the stream refused: {receipt['error'].get('description')}")
    return int(receipt["seq"])
