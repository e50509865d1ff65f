"""Commands run to their end, as programs of their own."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping

from metropool.core.errors import Unavailable
from metropool.runtime.tied import tied


async def run_tool(command: str, *options: object) -> None:
    """Run a command of the city in a box to its end.

    Raises:
        Unavailable: It failed; its last line says why.
    """
    await _run(["-m", "cityinabox.cli", command, *map(str, options)], dict(os.environ), name=command)


async def run_own(*arguments: str, environment: Mapping[str, str]) -> None:
    """Run one of our own commands to its end.

    Raises:
        Unavailable: It failed; its last line says why.
    """
    await _run(["-m", "metropool.runtime.cli", *arguments], {**os.environ, **environment}, name=arguments[0])


async def _run(arguments: list[str], environment: Mapping[str, str], *, name: str) -> None:
    environment = {**environment, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = await asyncio.create_subprocess_exec(
        *tied((sys.executable, *arguments), by=signal.SIGTERM), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        _, words = await process.communicate()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise
    if process.returncode:
        last = words.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise Unavailable(f"{name} failed: {last[0]}")
