"""How messages of a stream are pulled, and what is said to a broker that may be away."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

ANSWER_S = 2.0
AWAY_S = 0.25
NOTHING_YET = ("404", "408")


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
                await moment(0.0 if status in NOTHING_YET else AWAY_S)
                break
            messages.append(message)
    except TimeoutError:
        pass
    except (NatsError, OSError):
        await moment(AWAY_S)
    finally:
        await say(subscription.unsubscribe)
    _heed_cancellation()
    return messages


def _heed_cancellation() -> None:
    """End a task that was asked to end at the very moment a message came: ``asyncio.wait_for`` forgets that up to Python 3.11."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def moment(seconds: float) -> None:
    """Wait, and leave the event loop to others."""
    try:
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()
    except TimeoutError:
        return


async def say(word: Callable[[], Awaitable[None]]) -> None:
    """Tell the broker something that it need not hear: while it is away it hands the message over again, which is harmless."""
    try:
        await word()
    except (NatsError, OSError):
        return
