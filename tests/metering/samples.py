"""Where the real files lie, and the way from a file to its report."""

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from metropool.capabilities.metering.imports.mapping.loading import read_mapping
from metropool.capabilities.metering.imports.mapping.model import Mapping
from metropool.capabilities.metering.imports.reading_file import read_file
from metropool.capabilities.metering.imports.summary import Report, check_file, summarise
from metropool.capabilities.metering.validation.rules import Rules, rules_on

NOW = datetime(2026, 7, 1, tzinfo=UTC)
_HERE = Path(__file__).parent
_BESIDE = _HERE.parents[2] / "shared" / "data"


def rules() -> Rules:
    return rules_on(date(2026, 1, 1))


def sample(name: str) -> Path:
    """A real file: of this folder, else of METROPOOL_DATA or the data folder beside the checkout; else the test is skipped."""
    kept = _HERE / "data" / Path(name).name
    for path in (kept, Path(os.environ.get("METROPOOL_DATA", _BESIDE)) / name):
        if path.exists():
            return path
    pytest.skip(f"{name} is not here: set METROPOOL_DATA to the folder of real files")


def report_on(path: Path, mapping: Mapping | None = None) -> Report:
    return check_file(read_file(path, mapping), rules=rules(), now=NOW)


def summary_of(path: Path, mapping: Mapping | None = None) -> dict[str, Any]:
    return summarise(report_on(path, mapping))


def flags(summary: dict[str, Any], code: str, channel: str = "") -> list[dict[str, Any]]:
    return [flag for flag in summary["flags"] if flag["class"] == code and flag["channel"].endswith(channel)]


def totals(summary: dict[str, Any]) -> dict[str, str]:
    return {row["channel"].split("/")[-1]: row["total"] for row in summary["channels"]}


def other_share(summary: dict[str, Any], named: set[str]) -> float:
    """Findings of classes that the data's own description does not name, per reading."""
    return sum(flag["class"] not in named for flag in summary["flags"]) / summary["readings"]


def plain_mapping(**column: object) -> Mapping:
    """A mapping for ``meter,at,value`` files; ``column`` overrides fields of the one channel."""
    channel = {"column": "value", "reading_type": "electricity_forward_register", "unit": "kWh", "interval_s": 3600, **column}
    text = f"""
name: plain
about: made files
time: {{column: at, format: "%Y-%m-%d %H:%M"}}
device: {{column: meter}}
channels:
  - {channel!r}
"""
    return read_mapping(text, where="test")
