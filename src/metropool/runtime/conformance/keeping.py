"""The last result of each plan, kept in the home so that pages can show it."""

from pathlib import Path
from typing import Any

from msgspec import DecodeError, json

from metropool.runtime.conformance.report import Report, said
from metropool.runtime.demo.state import RESULTS
from metropool.storage.disk import write_durably


def keep(report: Report, *, home: Path) -> Path:
    """Keep a report as the last of its plan.

    Raises:
        Unavailable: It cannot be written.
    """
    file = home / RESULTS / f"{report.plan.replace(':', '-')}.json"
    told = report.as_json()
    for flow, finding in zip(told["flows"], report.findings, strict=True):
        if finding.why:
            flow["why_zh"] = said(finding.why, "zh")
    write_durably(file, json.encode(told))
    return file


def last_kept(home: Path) -> list[dict[str, Any]]:
    """The last report of each plan, as it is printed with ``--json``, reasons in Chinese too; what is damaged is left out."""
    found = []
    for file in sorted((home / RESULTS).glob("*.json")):
        try:
            found.append(json.decode(file.read_bytes(), type=dict[str, Any]))
        except (DecodeError, OSError):
            continue
    return found
