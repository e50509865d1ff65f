"""Commands about plans: check, draw, describe, compare."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from metropool.runtime.cli.printing import tell_written, text_console, write_file
from metropool.runtime.cli.words import language, word

if TYPE_CHECKING:
    from metropool.plan.compiled import Compiled
    from metropool.plan.source import PlanFault


def check_plan(plan: str, *, as_json: bool) -> None:
    """Report every fault of a plan; exit status 1 when there is one.

    Raises:
        NotFound: No such plan.
    """
    from metropool.plan.commands import check
    from metropool.plan.load import named_plan, outside_of, plan_path
    from metropool.runtime.capabilities import CAPABILITIES
    from metropool.runtime.systems import facts_of

    path, variant = named_plan(plan)
    contract, facts = plan_path("contract"), facts_of(CAPABILITIES)
    report = check(plan=path, contract=contract, capabilities=facts, variant=variant, outside=outside_of(plan))
    sys.stdout.write((report.as_json(language()) if as_json else report.as_text(language())) + "\n")
    if report.exit_code:
        raise SystemExit(report.exit_code)


def draw_plan(plan: str, *, output: Path) -> None:
    """Draw a plan as SVG; one with faults too, as far as it goes: they are told, and the exit status is 1.

    Raises:
        NotFound: No such plan.
        Unavailable: The drawing cannot be written.
    """
    from metropool.plan.drawing.figure import draw_plan as figure_of

    compiled = _compiled(plan)
    write_file(output, figure_of(compiled.whole_picture, language=language()).encode())
    tell_written(output)
    _require_sound(compiled)


def describe_plan(plan: str, *, output: Path) -> None:
    """Write a plan as an AsyncAPI document; nothing of one with faults, which does not run.

    Raises:
        NotFound: No such plan.
        Unavailable: The document cannot be written.
    """
    from metropool.plan.asyncapi import as_text

    compiled = _compiled(plan)
    _require_sound(compiled)
    write_file(output, as_text(compiled).encode())
    tell_written(output)


def compare_plans(plans: Sequence[str], *, stop: Sequence[str], as_json: bool) -> None:
    """Set plans side by side; with ``stop``, measure what stopping these systems takes down by stopping them.

    A plan with faults is not counted: what it names and nobody knows would be missing from every number.

    Raises:
        NotFound: No such plan or system.
        Unavailable: A town to stop something in could not be set up.
    """
    from metropool.plan.compare import compare
    from metropool.plan.comparison import json_of, table_of
    from metropool.runtime.cli.conformance import measure_stops

    compiled = [_compiled(plan) for plan in plans]
    _require_sound(*compiled)
    sheets = [compare(each) for each in compiled]
    if stop:
        seen = measure_stops(plans, stop)
        sheets = [replace(sheet, measured=seen[plan]) for plan, sheet in zip(plans, sheets, strict=True)]
    if as_json:
        sys.stdout.write(json_of(sheets) + "\n")
    else:
        _print_table(table_of(sheets, language()))


def _print_table(lines: Sequence[tuple[str, Sequence[str]]]) -> None:
    from rich.table import Table

    (corner, titles), *rest = lines
    table = Table(corner, *titles, show_lines=True)
    for label, values in rest:
        table.add_row(label, *values)
    console = text_console()
    console.print(table)
    console.print(word("plan_compared"))


def _compiled(plan: str) -> "Compiled":
    """A plan as it is written, with its faults; of one that cannot be read they are told, and the exit status is 1."""
    from metropool.plan.commands import compile_files
    from metropool.plan.load import Unreadable, named_plan, outside_of, plan_path
    from metropool.runtime.capabilities import CAPABILITIES
    from metropool.runtime.systems import facts_of

    path, variant = named_plan(plan)
    facts, outside = facts_of(CAPABILITIES), outside_of(plan)
    try:
        return compile_files(plan=path, contract=plan_path("contract"), capabilities=facts, variant=variant, outside=outside)
    except Unreadable as cause:
        _tell(path.stem, cause.plan_faults)
        raise SystemExit(1) from None


def _require_sound(*plans: "Compiled") -> None:
    faulty = [compiled for compiled in plans if compiled.faults]
    for compiled in faulty:
        _tell(compiled.name, compiled.faults)
    if faulty:
        raise SystemExit(1)


def _tell(plan: str, faults: "Iterable[PlanFault]") -> None:
    from metropool.plan.commands import CheckReport

    sys.stderr.write(CheckReport(plan=plan, faults=tuple(faults), notes=(), letters=0).as_text(language()) + "\n")
