"""``metropool serve``: all systems in one process, some, one, or one system's front end; no code differs between them."""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import structlog

from metropool.core.errors import Invalid, MetropoolError
from metropool.core.identifiers import SystemId
from metropool.exchange.jetstream import JetStreamExchange
from metropool.plan.compiled import Compiled
from metropool.runtime import attendants, portal
from metropool.runtime.broker import seed_of
from metropool.runtime.broker_place import broker_tls, broker_url, keep_server, noted_by
from metropool.runtime.cli.words import word
from metropool.runtime.evidence import open_key, sign_evidence
from metropool.runtime.gateways.attending import gateway_desk
from metropool.runtime.lasting import lasting
from metropool.runtime.node import Node
from metropool.runtime.relay import relay_in, relay_out
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named, hold_node, open_node
from metropool.runtime.upkeep import keep_in_order, put_in_order
from metropool.runtime.workers import run_workers

log = structlog.get_logger()
BROKER = "broker"
LEVELS = ("debug", "info", "warning", "error")


def serve_systems(*names: str) -> None:
    """Serve until asked to stop (SIGTERM or Ctrl-C).

    Args:
        names: None for all systems, else those that this process serves; or alone ``broker`` for the embedded broker, ``broker:dmz-1``
            for one server of the brokers' file, ``metering:frontend`` for the front end of a system.

    Raises:
        NotFound, Invalid: The plan has no such system, or what is served alone was asked for beside something else.
        Unavailable: Broker, port or database cannot be had; one sentence with the remedy.
    """
    settings = Settings()
    quiet_log()
    compiled = compile_named(settings.plan, home=settings.home)
    wanted = list(filter(None, dict.fromkeys(names)))
    alone = next((name for name in wanted if name == BROKER or ":" in name), None)
    if alone is None:
        systems = [_known(name, compiled) for name in wanted] or list(compiled.nodes())
        asyncio.run(until_stopped(serve_nodes(systems, settings=settings, compiled=compiled, with_broker=not wanted)))
        return
    if len(wanted) > 1:
        raise Invalid(f"{alone} is a process of its own; serve it without {', '.join(name for name in wanted if name != alone)}")
    system, _, process = alone.partition(":")
    if system == BROKER:
        asyncio.run(until_stopped(serve_broker(process, settings=settings, compiled=compiled)))
        return
    from metropool.runtime.frontend import serve_frontend

    asyncio.run(until_stopped(serve_frontend(_known(system, compiled), process, settings=settings, compiled=compiled)))


def _known(system: str, compiled: Compiled) -> SystemId:
    compiled.require_nodes([system])
    return SystemId(system)


async def until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine until it ends or this process is asked to stop; one that ends as cancelled though nobody asked has failed."""
    task, asked = asyncio.ensure_future(work), asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        asked.set()
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        if not asked.is_set():
            raise
        log.info("stopped")
    except BaseExceptionGroup as group:
        known = only_known(group)
        if known is None:
            raise
        raise known from group


def only_known(group: BaseExceptionGroup[BaseException]) -> MetropoolError | None:
    """The first of the faults of tasks that ended together, when all of them are of a kind that has a sentence."""
    known, others = group.split(MetropoolError)
    if known is None or others is not None:
        return None
    first: BaseException = known
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first if isinstance(first, MetropoolError) else None


async def serve_broker(server: str, *, settings: Settings, compiled: Compiled) -> None:
    """The embedded broker alone, for systems that run as processes of their own, or a server of the brokers' file; for ever."""
    async with AsyncExitStack() as stack:
        if server:
            await keep_server(stack, server, settings=settings, compiled=compiled)
        else:
            await broker_url(stack, settings=settings, compiled=compiled, with_broker=True)
        await asyncio.Event().wait()


async def serve_nodes(systems: Sequence[SystemId], *, settings: Settings, compiled: Compiled, with_broker: bool) -> None:
    """Open the nodes, carry their messages, step their workers, answer their pages; for ever."""
    async with AsyncExitStack() as stack:
        bound = stack.enter_context(portal.bind(settings))
        url = await broker_url(stack, settings=settings, compiled=compiled, with_broker=with_broker)
        urls = {
            system: await broker_url(stack, settings=settings, compiled=compiled, with_broker=False, system=system)
            for system in systems
        }
        opened = [await open_served(stack, system, url=urls[system], settings=settings, compiled=compiled) for system in systems]
        nodes = [node for node, _ in opened]
        keys = {node.system: open_key(settings, node.system) for node in nodes}
        at_gateways = [
            gateway_desk(node, url=urls[node.system], settings=settings, gateways=compiled.broker.gateways) for node in nodes
        ]
        overseers = compiled.hosted_by().get("sharing", ())
        desks = [await stack.enter_async_context(desk) for desk in at_gateways]
        async with asyncio.TaskGroup() as group:
            for node, exchange in opened:
                group.create_task(relay_out(node, exchange), name=f"{node.system}: out")
                group.create_task(relay_in(node, exchange), name=f"{node.system}: in")
                group.create_task(sign_evidence(node, keys[node.system]), name=f"{node.system}: evidence")
                group.create_task(run_workers(node), name=f"{node.system}: workers")
                group.create_task(
                    lasting(partial(keep_in_order, node), system=node.system, name="upkeep"), name=f"{node.system}: upkeep"
                )
                for name, attend in attendants.of(node, client=exchange.client, settings=settings, overseers=overseers):
                    group.create_task(attend, name=f"{node.system}: {name}")
            for desk in filter(None, desks):
                for name, attend in desk.attend():
                    group.create_task(attend, name=f"{desk.node.system}: {name}")
            group.create_task(portal.serve(nodes, settings=settings, compiled=compiled, bound=bound), name="portal")
            address, books = bound.getsockname(), settings.home if settings.database == "embedded" else "PostgreSQL"
            url_here = f"{'https' if settings.site_certificate else 'http'}://{address[0]}:{address[1]}"
            sys.stderr.write(word("serving", systems=", ".join(systems), url=url_here, books=books, broker=url) + "\n")


async def open_served(
    stack: AsyncExitStack, system: SystemId, *, url: str, settings: Settings, compiled: Compiled
) -> tuple[Node, JetStreamExchange]:
    """Open a node for us alone, connect it, and see to it that it can work on from where it stood.

    Raises:
        Conflict: Another process serves it, or its log is not the one it took readings from.
        Unavailable: Broker or database cannot be had.
    """
    stack.callback(hold_node(system, settings=settings).close)
    node = open_node(system, compiled=compiled, settings=settings)
    stack.callback(node.close)
    seed = seed_of(settings.home, account=system, user=system)
    exchange = await JetStreamExchange.open(url, system=system, seed=seed, where=noted_by(settings), tls=broker_tls(settings))
    stack.push_async_callback(exchange.close)
    await attendants.check(node, client=exchange.client)
    await put_in_order(node)
    return node, exchange


def quiet_log() -> None:
    """Log to stderr as JSON, from the level ``METROPOOL_LOG`` on (warning).

    Raises:
        Invalid: There is no such level.
    """
    import logging

    given = os.environ.get("METROPOOL_LOG", "") or "warning"
    if given.lower() not in LEVELS:
        raise Invalid(f"METROPOOL_LOG={given} is no level: {' '.join(LEVELS)}")
    level = getattr(logging, given.upper())
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
