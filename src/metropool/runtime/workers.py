"""What falls due: rows with ``due_at``, one step a unit of work, one loop a worker so that a long step holds up no other."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import Column, Connection, MetaData, String, Table, delete, insert, select

from metropool.core.errors import MetropoolError
from metropool.exchange.capability import Worker
from metropool.runtime.lasting import MISSING, lasting

if TYPE_CHECKING:
    from metropool.runtime.node import Node

log = structlog.get_logger()
metadata = MetaData()
worker_due = Table(
    "worker_due",
    metadata,
    Column("name", String, primary_key=True),
    Column("due_at", String, nullable=False),
    Column("last_fault", String),
)
RETRY = timedelta(seconds=30)


async def run_workers(node: "Node") -> None:
    """Step each worker when it is due, for ever.

    What one prepares, such as the files of a whole month, it prepares beside the writer: only its unit of work waits for others.
    """
    async with asyncio.TaskGroup() as group:
        for name, host in node.hosted.items():
            for worker in host.capability.workers:
                run = partial(_run, node, f"{name}:{worker.name}", name, worker)
                group.create_task(lasting(run, system=node.system, name=worker.name), name=f"{node.system}: {worker.name}")


async def _run(node: "Node", name: str, capability: str, worker: Worker) -> None:
    while True:
        now = node.clock.now()
        due = _due(node, name, now)
        await node.clock.sleep_until(due if due > now else await _step(node, name, capability, worker))


async def _step(node: "Node", name: str, capability: str, worker: Worker) -> datetime:
    """One unit of a worker; a fault, be it one of ours, is noted and tried again: it stops nobody else."""

    prepare = worker.prepare

    def step(work: Any) -> datetime:
        next_due: datetime = worker.step(work=work, **prepared) or work.now + worker.every
        _note(work.context.connection, name, next_due, fault=None)
        return next_due

    try:
        prepared = {"prepared": await node.read(capability, lambda work: prepare(work=work))} if prepare else {}
        return await node.write(capability, step)
    except Exception as fault:
        reason, is_expected = str(fault) or type(fault).__name__, isinstance(fault, (MetropoolError, *MISSING))
        log.warning("worker failed", system=node.system, worker=name, fault=reason, exc_info=None if is_expected else fault)
        again = node.clock.now() + RETRY
        with suppress(*MISSING):  # what it failed for may be what the note needs, too
            await node.write(capability, lambda work: _note(work.context.connection, name, again, fault=reason))
        return again


def _due(node: "Node", name: str, now: datetime) -> datetime:
    with node.database.snapshot() as connection:
        text = connection.execute(select(worker_due.c.due_at).where(worker_due.c.name == name)).scalar()
    return datetime.fromisoformat(text) if text else now


def _note(connection: Connection, name: str, due_at: datetime, *, fault: str | None) -> None:
    connection.execute(delete(worker_due).where(worker_due.c.name == name))
    connection.execute(insert(worker_due).values(name=name, due_at=due_at.isoformat(), last_fault=fault))
