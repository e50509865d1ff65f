"""A city over three brokers with TLS: commands make its certificates, systems and front end use them, the site is HTTPS."""

import asyncio
import json
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from exchange.city.cities import HOST, place, running_brokers
from metropool.runtime.cli.main import app
from metropool.runtime.ports import free_ports
from metropool.runtime.systems import compile_named

PATIENCE_S = 60.0
BROKERS = {"production": 1, "management": 1, "dmz": 1}


def start(said: Path, *arguments: str) -> subprocess.Popen:
    """A part as a process of its own; its words go to a file."""
    command = [sys.executable, "-m", "metropool.runtime.cli", *arguments]
    with said.open("wb") as log:
        return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, stdout=log, stderr=log)


def eventually(question: Callable[[], bool]) -> None:
    """Wait for something other processes do."""
    until = time.monotonic() + PATIENCE_S
    while not question():
        assert time.monotonic() < until
        time.sleep(0.1)


def answers(where: str) -> bool:
    host, _, port = where.rpartition(":")
    try:
        socket.create_connection((host, int(port))).close()
    except OSError:
        return False
    return True


def command(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.timeout(180)
def test_systems_and_front_end_use_three_brokers_with_tls_and_the_site_is_https(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, field_port = free_ports(2)
    settings = place(tmp_path, servers=BROKERS, tls=True)
    folder = tmp_path / "certificates"
    given = {
        "HOME": tmp_path,
        "BROKER": settings.broker,
        "PORT": port,
        "FIELD_PORT": field_port,
        "SITE_CERTIFICATE": folder / "certificate.pem",
        "SITE_KEY": folder / "certificate.key",
        "LANG": "en",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"METROPOOL_{name}", str(value))
    assert str(folder) in command("broker", "certificate", "machine", "--host", HOST, "--to", str(folder))
    listed = json.loads(command("broker", "certificates", "--json"))
    assert [(each["name"], each["hosts"], each["state"]) for each in listed] == [("machine", [HOST], "good")]
    servers = json.loads(command("broker", "servers", "--json"))
    assert [each["server"] for each in servers] == ["production-1", "management-1", "dmz-1"]
    assert all(each["url"].startswith("tls://") for each in servers)

    async def run() -> None:
        async with running_brokers(settings, compile_named(settings.plan)):
            core, front = tmp_path / "core.log", tmp_path / "front.log"
            parts = [start(core, "serve"), start(front, "serve", "metering:frontend")]
            try:
                await asyncio.to_thread(eventually, lambda: f"https://{HOST}:{port}" in core.read_text())
                await asyncio.to_thread(eventually, lambda: answers(f"{HOST}:{port}") and answers(f"{HOST}:{field_port}"))
                await look_at_site(folder / "authority.pem", f"{HOST}:{port}")
            finally:
                for part in parts:
                    part.kill()
                    part.wait()

    asyncio.run(run())
    assert "1 certificates revoked" in command("broker", "revoke", "machine")
    assert json.loads((folder / "pins.json").read_text()) == {"good": [], "servers": []}


async def look_at_site(authority: Path, where: str) -> None:
    """Who trusts the authority sees the site; who does not, and who speaks in the clear, does not."""
    async with httpx.AsyncClient(verify=ssl.create_default_context(cafile=authority)) as site:
        assert (await site.get(f"https://{where}/api/site")).json()["plan"]["id"] == "transition"
    async with httpx.AsyncClient() as stranger:
        with pytest.raises(httpx.ConnectError):
            await stranger.get(f"https://{where}/api/site")
        with pytest.raises(httpx.RemoteProtocolError):
            await stranger.get(f"http://{where}/api/site")
