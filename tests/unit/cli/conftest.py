"""Runs ``metropool`` as its own process, in a home of its own."""

import atexit
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Said]


class Cradle:
    """The process that commands are forked from, one for all tests of a worker; started with the first."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, environment: dict[str, str], *arguments: object, folder: Path) -> Said:
        out, err = folder / "said.out", folder / "said.err"
        order = {"arguments": list(map(str, arguments)), "environment": environment, "folder": str(Path.cwd())}
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({**order, "out": str(out), "err": str(err)}).encode() + b"\n")
        process.stdin.flush()
        status = int(process.stdout.readline())
        return Said(status, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "utf-8"}
            command = [sys.executable, str(Path(__file__).with_name("cradle.py"))]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
            atexit.register(self._process.kill)
        return self._process


CRADLE = Cradle()


def _run(environment: dict[str, str], *arguments: object, encoding: str) -> Said:
    command = [sys.executable, "-m", "metropool.runtime.cli", *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, encoding=encoding, timeout=100, check=False, env=environment)
    return Said(ran.returncode, ran.stdout, ran.stderr)


def command_line(home: Path, *, encoding: str = "utf-8") -> Cli:
    def run(*arguments: object, **settings: str) -> Said:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("METROPOOL_")}
        environment = {
            **kept,
            "PYTHONPATH": str(ROOT / "src"),
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "160",
            "PYTHONIOENCODING": encoding,
        }
        environment |= {"METROPOOL_HOME": str(home)} | {f"METROPOOL_{name.upper()}": value for name, value in settings.items()}
        if encoding != "utf-8":
            return _run(environment, *arguments, encoding=encoding)
        return CRADLE.run(environment, *arguments, folder=home.parent)

    return run


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return command_line(tmp_path / "home")
