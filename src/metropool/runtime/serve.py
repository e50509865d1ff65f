"""``metropool serve``: all systems in one process, one system, or one system's front end; no code differs between them."""

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


def serve_system(name: str) -> None:
    """Serve until asked to stop (SIGTERM or Ctrl-C).

    Args:
        name: Empty for all systems, ``broker`` for the embedded broker alone, ``broker:dmz-1`` for one server of the brokers' file,
            ``metering`` for one system, ``metering:frontend`` for its front end.

    Raises:
        Invalid: The plan has no such system.
        Unavailable: Broker, port or database cannot be had; one sentence with the remedy.
    """
    settings = Settings()
    quiet_log()
    compiled = compile_named(settings.plan, home=settings.home)
    system, _, process = name.partition(":")
    if system == BROKER:
        asyncio.run(until_stopped(serve_broker(process, settings=settings, compiled=compiled)))
        return
    if system and system not in compiled.nodes():
        raise Invalid(f"the plan {compiled.plan} runs no system {system!r}; it runs {', '.join(compiled.nodes())}")
    if process:
        from metropool.runtime.frontend import serve_frontend

        asyncio.run(until_stopped(serve_frontend(system, process, settings=settings, compiled=compiled)))
    else:
        wanted = [SystemId(system)] if system else list(compiled.nodes())
        asyncio.run(until_stopped(serve_nodes(wanted, settings=settings, compiled=compiled, with_broker=not system)))


async def until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine until it ends or this process is asked to stop."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
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
                for name, attend in attendants.of(node, client=exchange.client, settings=settings):
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
    """Log to stderr as JSON, from the level ``METROPOOL_LOG`` on (warning)."""
    import logging

    level = getattr(logging, os.environ.get("METROPOOL_LOG", "warning").upper(), logging.WARNING)
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
