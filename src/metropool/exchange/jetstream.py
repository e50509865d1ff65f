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
from nats.errors import NoRespondersError

from metropool.core.errors import Forbidden, Unavailable
from metropool.exchange.connection import connect
from metropool.exchange.envelope import Envelope, to_bytes
from metropool.exchange.ports import Delivery, LogEnd, LogEntry
from metropool.exchange.pulling import AWAY_S, fetch, moment, say

INSTANCE = "main"
RECEIPT_TIMEOUT_S = 5.0
LEADERLESS_S = 15.0
"""How long a log may be without a leader before whoever writes to it is told so: servers that lost one take 4 to 9 s to choose another."""


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
        await say(self._client.close)


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
        """See ``Log.append``; asks again where nobody took the batch, because the servers are choosing who leads the log."""
        try:
            answer = await self._heard(f"{self._subject}.{part}", batch)
        except (NatsError, TimeoutError, OSError) as cause:
            raise Unavailable(f"the log {self._stream} gave no receipt: {cause or type(cause).__name__}") from cause
        return _receipt(answer)

    async def _heard(self, subject: str, batch: bytes) -> Msg:
        loop = asyncio.get_running_loop()
        ends = loop.time() + LEADERLESS_S
        while True:
            try:
                return await self._client.request(subject, batch, timeout=RECEIPT_TIMEOUT_S)
            except NoRespondersError:
                if loop.time() >= ends:
                    raise
            await moment(AWAY_S)

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
            await say(message.ack)


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
    return partial(say, message.ack)


def put_off(message: Msg) -> Callable[[float], Awaitable[None]]:
    """Tells the broker to hand a message over again after some seconds."""

    async def later(seconds: float) -> None:
        await say(partial(message.nak, delay=seconds))

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
