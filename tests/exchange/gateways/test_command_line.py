"""Credentials from the command line, beside whoever serves the home."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from exchange.gateways.house import HOME, PATIENCE_S, hosted


def metropool(home: Path, *arguments: str) -> str:
    environment = {**os.environ, "METROPOOL_HOME": str(home), "METROPOOL_PLAN": "transition"}
    command = (sys.executable, "-m", "metropool.runtime.cli", "gateway", *arguments)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_credential_is_drawn_shown_once_and_taken_back(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosted(tmp_path) as town:
            secret = await asyncio.to_thread(metropool, tmp_path, "issue", HOME)
            link = await town.come_in(secret=secret)
            await asyncio.to_thread(metropool, tmp_path, "revoke", HOME)
            async with asyncio.timeout(PATIENCE_S):
                await link.ended()
            listed = await asyncio.to_thread(metropool, tmp_path, "list", "--json")
            assert HOME in listed
            assert secret not in listed

    asyncio.run(run())
