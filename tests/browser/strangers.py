"""Letters nobody can take in, said to a running city by a system's own broker user: what a company's newer software would do."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from metropool.exchange.envelope import Envelope
from metropool.exchange.jetstream import JetStreamExchange
from metropool.runtime.broker import seed_of

SENDER, RECEIVER, PHRASE = "water_system", "smart_use_platform", "water_bills"


def say_what_is_not_known(home: Path, *, names: tuple[str, ...]) -> None:
    """Bills of the water company in a version that nobody here knows, one a name."""
    with ThreadPoolExecutor(1) as beside:  # the browser's own loop runs on this thread
        beside.submit(asyncio.run, _say(home, names)).result()


async def _say(home: Path, names: tuple[str, ...]) -> None:
    url = (home / "broker" / "url").read_text(encoding="utf-8").strip()
    exchange = await JetStreamExchange.open(url, system=SENDER, seed=seed_of(home, account=SENDER, user=SENDER))
    for name in names:
        await exchange.deliver(
            Envelope(
                id=f"newer-{name}",
                phrase=PHRASE,
                kind="BillsIssued",
                version=99,
                sender=SENDER,
                receiver=RECEIVER,
                at=datetime(2026, 7, 1, tzinfo=UTC),
                body=b"\x80" + bytes(3000),
            )
        )
    await exchange.client.close()
