"""``metropool doctor``: what this machine has and lacks, one line each, with the remedy.

No check (``doctor_checks.py``) stops another: the doctor is called when things are broken, packages too.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from metropool.core.errors import MetropoolError
from metropool.runtime.cli.doctor_checks import NEEDED, OPTIONAL, Lacking
from metropool.runtime.cli.printing import print_json
from metropool.runtime.cli.words import word


@dataclass(frozen=True)
class Finding:
    """One check: ``ok``, ``failed`` (something needed is missing) or ``absent`` (something optional is)."""

    check: str
    state: str
    title: str
    detail: str
    remedy: str


def look(*, as_json: bool) -> None:
    """Look at this machine; exit status 1 when something needed is missing."""
    findings = list(examine())
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        _print(findings)
    if any(finding.state == "failed" for finding in findings):
        raise SystemExit(1)


def examine() -> Iterator[Finding]:
    """Every check, in order."""
    for name, check in NEEDED.items():
        yield _finding(name, check, without="failed")
    for name, check in OPTIONAL.items():
        yield _finding(name, check, without="absent")


def _finding(name: str, check: Callable[[], str], *, without: str) -> Finding:
    title = word(f"doctor_{name}")
    try:
        return Finding(name, "ok", title, check(), "")
    except (Lacking, MetropoolError, ImportError, OSError, ValueError) as reason:
        return Finding(name, without, title, str(reason), word(f"doctor_{name}_remedy"))


def _print(findings: list[Finding]) -> None:
    from rich.cells import set_cell_size
    from rich.console import Console
    from rich.text import Text

    console = Console()
    colours = {"ok": "green", "failed": "bold red", "absent": "yellow"}
    for finding in findings:
        state = Text(set_cell_size(word(finding.state), 8), style=colours[finding.state])
        console.print(state, Text(f"{finding.title}: {finding.detail}"), soft_wrap=True)
        if finding.remedy:
            console.print(Text(f"         {finding.remedy}", style="dim"), soft_wrap=True)
