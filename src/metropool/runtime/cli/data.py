"""Commands about data: explain a frame, rate cases, load a file."""

import json
import sys
from pathlib import Path
from typing import Any

from metropool.core.errors import Invalid, NotFound
from metropool.runtime.cli.main import print_json
from metropool.runtime.cli.words import language

PROTOCOLS = ("dlt645", "cjt188", "gdw1376")


def explain_frame(hexadecimal: str, *, protocol: str, as_json: bool) -> None:
    """Explain a frame field by field; a bad one is a reason and exit status 1."""
    from metropool.devices.explain import explain

    if protocol not in PROTOCOLS:
        raise Invalid(f"no protocol is called {protocol!r}; there are {', '.join(PROTOCOLS)}")
    try:
        frame = bytes.fromhex("".join(hexadecimal.split()))
    except ValueError as cause:
        raise Invalid(f"the frame is not hexadecimal: {cause}") from cause
    try:
        told = explain(protocol, frame)
    except Invalid as fault:
        if as_json:
            print_json({"error": fault.key or fault.what, "reason": fault.what})
        raise
    if as_json:
        print_json(told)
    else:
        _print_fields(told)


def _print_fields(told: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(show_edge=False)
    for heading in ("", "hex", "", ""):
        table.add_column(heading, overflow="fold")
    for field in told.get("fields", []):
        table.add_row(str(field["offset"]), str(field["bytes"]), str(field["name"]), _words(field))
    console = Console()
    console.print(table)
    console.print({key: value for key, value in told.items() if key != "fields"})


def _words(field: dict[str, Any]) -> str:
    value = field.get("value")
    return f"{field.get(language(), '')}{'' if value is None else f': {value}'}"


def rate_file(path: Path, *, as_json: bool) -> None:
    """Rate the cases of a file, in their order."""
    from metropool.capabilities.billing.cases import rate_cases

    try:
        cases = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as cause:
        raise NotFound(f"there is no file {path}") from cause
    except ValueError as cause:
        raise Invalid(f"{path} is no JSON: {cause}") from cause
    rated = rate_cases(cases)
    if as_json:
        print_json(rated)
        return
    for case in rated:
        name = case.get("tariff") or case.get("rule")
        total = case.get("total_cny") or case.get("late_fee_cny") or case.get("energy_charge_cny")
        sys.stdout.write(f"{name}: ¥ {total}\n")


def import_file(path: Path, *, mapping: str, as_json: bool) -> None:
    """Load a file of meter data through the log, like live readings."""
    from metropool.runtime.importing import run_import

    report = run_import(path, mapping=mapping, language=language())
    if as_json:
        print_json(report)
    else:
        _print_report(report)


def _print_report(report: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(title=str(report.get("file", "")), show_edge=False)
    for heading in ("channel", "readings", "total", "unit", "first", "last"):
        table.add_column(heading, overflow="fold")
    for row in report.get("channels", []):
        table.add_row(*(str(row.get(name, "")) for name in ("channel", "readings", "total", "unit", "first", "last")))
    console.print(table)
    for row in report.get("flags", [])[:200]:
        console.print(" ".join(f"{name}={value}" for name, value in row.items() if value not in (None, "")))
    console.print(str(report.get("outcome", "")))
