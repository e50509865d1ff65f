"""Results as a table for people and JSON for machines: mark, measured, beside the peer, met or not."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Measured:
    """One number of a bench, once per repeat.

    Attributes:
        unit: ``1/s``, ``B``, ``B/reading`` or ``ms``.
        ours, peer: Each repeat; ``peer`` is empty where there is nothing to compare.
        mark: What is to be reached; None where there is no mark.
        less_is_better: Whether the mark is an upper limit.
    """

    what: str
    unit: str
    ours: list[float]
    peer: list[float] = field(default_factory=list)
    mark: float | None = None
    less_is_better: bool = False

    @property
    def is_met(self) -> bool | None:
        """Whether the median reaches the mark."""
        if self.mark is None:
            return None
        return median(self.ours) <= self.mark if self.less_is_better else median(self.ours) >= self.mark

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer the product is; below 1 is worse."""
        if not self.peer:
            return None
        ours, peer = median(self.ours), median(self.peer)
        return peer / ours if self.less_is_better else ours / peer


@dataclass(frozen=True)
class Result:
    """One bench: its size, its numbers, and whatever else it saw."""

    name: str
    size: str
    measured: list[Measured]
    details: dict[str, Any] = field(default_factory=dict)


def as_json(results: list[Result], *, about: dict[str, Any]) -> str:
    """Everything measured, medians and each repeat."""
    return json.dumps({**about, "benches": [_result(result) for result in results]}, indent=1, ensure_ascii=False) + "\n"


def write_json(text: str, path: Path) -> None:
    """Keep the latest results."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def print_table(results: list[Result], *, about: dict[str, Any]) -> None:
    """The table on standard output."""
    title = f"against {about['peer']}, same run; medians of {about['repeat']}; {about['machine']['processors']} processors"
    table = Table("bench", "what", "mark", "measured", "peer", "ratio", "met", title=title, box=box.SIMPLE)
    for column in table.columns[2:]:
        column.justify = "right"
    for result in results:
        for n, each in enumerate(result.measured):
            table.add_row(result.name if n == 0 else "", each.what, *_cells(each))
        table.add_row("", f"[dim]{result.size}[/dim]", end_section=True)
    Console(width=150).print(table)


def _cells(each: Measured) -> list[str]:
    sign = "≤" if each.less_is_better else "≥"
    mark = "" if each.mark is None else f"{sign} {_text(each.mark, each.unit)}"
    peer = _text(median(each.peer), each.unit) if each.peer else ""
    ratio = "" if each.ratio is None else f"{each.ratio:.1f}x"
    met = {None: "", True: "yes", False: "[bold red]no[/bold red]"}[each.is_met]
    return [mark, _text(median(each.ours), each.unit), peer, ratio, met]


def _text(value: float, unit: str) -> str:
    if unit == "1/s":
        return f"{value:,.0f}/s"
    if unit == "B":
        return f"{value / 2**20:,.0f} MiB" if value >= 2**20 else f"{value / 1000:,.0f} kB"
    return f"{value:,.2f} {unit}"


def _result(result: Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "size": result.size,
        "measured": [
            {
                "what": each.what,
                "unit": each.unit,
                "mark": each.mark,
                "median": round(median(each.ours), 4),
                "peer_median": round(median(each.peer), 4) if each.peer else None,
                "ratio": None if each.ratio is None else round(each.ratio, 2),
                "met": each.is_met,
                "repeats": [round(value, 4) for value in each.ours],
                "peer_repeats": [round(value, 4) for value in each.peer],
            }
            for each in result.measured
        ],
        "details": result.details,
    }
