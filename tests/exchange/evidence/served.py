"""One system as a process of its own, with places at which it dies: ``python -m exchange.evidence.served HOME URL SYSTEM ARMS``.

A place is armed by a file of its name in the folder ARMS; the process that reaches it removes the file and kills itself.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from sqlalchemy import func, select

from exchange.evidence.books import open_books, status_of
from metering.kills.launch import Arms
from metropool.exchange.evidence import Evidence
from metropool.exchange.jetstream import JetStreamExchange
from metropool.exchange.outbox import Inbox, Outbox, outbox
from metropool.runtime import evidence
from metropool.runtime.broker import seed_of
from metropool.runtime.node import Node
from metropool.runtime.relay import relay_in, relay_out
from metropool.runtime.settings import Settings
from metropool.runtime.tied import tie

LETTERS = 40
PLACES = {
    "sender": {
        "told_inside_commit": (Outbox, "put", "after"),
        "before_delivery": (JetStreamExchange, "deliver", "before"),
        "delivered": (JetStreamExchange, "deliver", "after"),
        "receipt_there": (Node, "mark_sent", "before"),
        "sent_inside_commit": (Evidence, "sent", "after"),
        "sent_committed": (Node, "mark_sent", "after"),
    },
    "receiver": {
        "fetched": (Node, "receive_all", "before"),
        "noted_inside_commit": (Inbox, "first_times", "after"),
        "received_inside_commit": (Evidence, "received", "after"),
        "received_committed": (Node, "take_in", "after"),
        "acknowledged": (Node, "receive_all", "after"),
    },
    "both": {
        "root_before": (evidence, "cover", "before"),
        "root_inside_commit": (Evidence, "cover", "after"),
        "root_committed": (evidence, "cover", "after"),
    },
}


async def tell(node: Node) -> None:
    """Tell the letters that were not told yet, some a second."""
    with node.database.snapshot() as connection:
        told = connection.execute(select(func.count()).select_from(outbox)).scalar_one()
    for letter in range(told, LETTERS):
        await node.write("speaker", lambda work, letter=letter: work.tell(status_of("A"), key=f"{letter}"))
        await asyncio.sleep(0.1)


async def serve(home: Path, url: str, system: str) -> None:
    """Tell, relay and sign for ever."""
    node, settings = open_books(home, system), Settings(home=home)
    seed = seed_of(home, account=system, user=system)
    exchange = await JetStreamExchange.open(url, system=system, seed=seed)
    key = evidence.open_key(settings, system)
    speaking = [tell(node)] if "speaker" in node.hosts else []
    await asyncio.gather(relay_out(node, exchange), relay_in(node, exchange), evidence.sign_evidence(node, key), *speaking)


def main() -> None:
    home, url, system, arms = sys.argv[1:]
    tie(parent=os.getppid(), by=signal.SIGKILL)
    role = "sender" if system == "marketing" else "receiver"
    for place, (holder, name, moment) in {**PLACES[role], **PLACES["both"]}.items():
        setattr(holder, name, Arms(Path(arms) / system).wrap(getattr(holder, name), place, moment))
    asyncio.run(serve(Path(home), url, system))


if __name__ == "__main__":
    main()
