"""Runs ``metropool`` as its own process, in a home of its own."""

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
        command = [sys.executable, "-m", "metropool.runtime.cli", *map(str, arguments)]
        ran = subprocess.run(command, capture_output=True, encoding=encoding, timeout=100, check=False, env=environment)
        return Said(ran.returncode, ran.stdout, ran.stderr)

    return run


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return command_line(tmp_path / "home")
