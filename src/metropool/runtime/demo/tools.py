"""Commands run to their end, as programs of their own."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping

from metropool.core.errors import Unavailable


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
        sys.executable, *arguments, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, words = await process.communicate()
    if process.returncode:
        last = words.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise Unavailable(f"{name} failed: {last[0]}")
