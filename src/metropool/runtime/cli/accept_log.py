"""``metropool doctor --accept-log SYSTEM``: go on with the log there is when the one before is gone for good."""

import asyncio
import getpass
import sys
from contextlib import AsyncExitStack
from typing import Any

from metropool.core.errors import Invalid, NotFound
from metropool.core.identifiers import SystemId
from metropool.runtime.cli.printing import print_json
from metropool.runtime.cli.words import word


def accept(system: str, *, reason: str, as_json: bool) -> None:
    """Accept the log of a system that is not served.

    Raises:
        Invalid: No reason, or the system takes no log in.
        NotFound: Nobody has served it in this home.
        Conflict: The system is served, or nothing is wrong with its log.
    """
    if not reason.strip():
        raise Invalid(word("accept_log_reason_needed"))
    done = asyncio.run(_accept(system, reason=reason.strip()))
    if as_json:
        print_json(done)
    else:
        sys.stdout.write(word("accept_log_done", log=done["log"], made=done["after"]["made"]) + "\n")


async def _accept(system: str, *, reason: str) -> dict[str, Any]:
    from metropool.exchange.connection import connect
    from metropool.runtime.broker import seed_of
    from metropool.runtime.broker_place import broker_tls
    from metropool.runtime.importing import broker_for_a_while
    from metropool.runtime.log_check import accept_log
    from metropool.runtime.settings import settings_of_home
    from metropool.runtime.systems import compile_named, has_books, hold_node, open_node

    settings = settings_of_home()
    compiled = compile_named(settings.plan, home=settings.home)
    if system not in compiled.nodes() or "metering" not in compiled.systems[SystemId(system)].hosts:
        raise Invalid(word("accept_log_no_log", system=system))
    if not has_books(settings, system):
        raise NotFound(word("no_books", home=settings.home))
    async with AsyncExitStack() as stack:
        stack.callback(hold_node(SystemId(system), settings=settings).close)
        url = await broker_for_a_while(stack, settings, compiled, SystemId(system))
        node = open_node(SystemId(system), compiled=compiled, settings=settings)
        stack.callback(node.close)
        seed = seed_of(settings.home, account=system, user=system)
        client = await connect(url, user=system, seed=seed, tls=broker_tls(settings))
        stack.push_async_callback(client.close)
        return await accept_log(node, client, by=f"machine:{getpass.getuser()}", reason=reason)
