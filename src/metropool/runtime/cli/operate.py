"""Commands about what runs: plans, bills, the bench."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from metropool.core.errors import Conflict, Invalid, NotFound, Unavailable
from metropool.runtime.cli.printing import print_json
from metropool.runtime.cli.words import language, word

Row = Mapping[str, Any]
SHOWN = 40
SERVICES = ("electricity", "water", "gas", "heat")


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
    """Draw a plan as SVG.

    Raises:
        NotFound: No such plan.
        Invalid: The file is no plan.
        Unavailable: The drawing cannot be written.
    """
    from metropool.plan.drawing.figure import draw_plan as figure_of

    write_file(output, figure_of(_compiled(plan).whole_picture, language=language()).encode())
    sys.stderr.write(word("written", path=output) + "\n")


def describe_plan(plan: str, *, output: Path) -> None:
    """Write a plan as an AsyncAPI document.

    Raises:
        NotFound: No such plan.
        Invalid: The file is no plan.
        Unavailable: The document cannot be written.
    """
    from metropool.plan.asyncapi import as_text

    write_file(output, as_text(_compiled(plan)).encode())
    sys.stderr.write(word("written", path=output) + "\n")


def compare_plans(plans: Sequence[str], *, stop: Sequence[str], as_json: bool) -> None:
    """Set plans side by side; with ``stop``, measure what stopping these systems takes down by stopping them.

    Raises:
        NotFound: No such plan or system.
        Invalid: A file is no plan.
        Unavailable: A town to stop something in could not be set up.
    """
    from metropool.plan.compare import compare
    from metropool.plan.comparison import json_of, table_of
    from metropool.runtime.cli.conformance import measure_stops

    sheets = [compare(_compiled(plan)) for plan in plans]
    if stop:
        seen = measure_stops(plans, stop)
        sheets = [replace(sheet, measured=seen[plan]) for plan, sheet in zip(plans, sheets, strict=True)]
    if as_json:
        sys.stdout.write(json_of(sheets) + "\n")
    else:
        _print_table(table_of(sheets, language()))


def _print_table(lines: Sequence[tuple[str, Sequence[str]]]) -> None:
    from rich.console import Console
    from rich.table import Table

    (corner, titles), *rest = lines
    table = Table(corner, *titles, show_lines=True)
    for label, values in rest:
        table.add_row(label, *values)
    console = Console()
    console.print(table)
    console.print(word("plan_compared"))


def _compiled(plan: str) -> Any:
    """A plan as it is written, with its faults."""
    from metropool.plan.commands import compile_files
    from metropool.plan.load import named_plan, outside_of, plan_path
    from metropool.runtime.capabilities import CAPABILITIES
    from metropool.runtime.systems import facts_of

    path, variant = named_plan(plan)
    facts, outside = facts_of(CAPABILITIES), outside_of(plan)
    return compile_files(plan=path, contract=plan_path("contract"), capabilities=facts, variant=variant, outside=outside)


def show_bills(*, account: str, period: str, number: str, pdf: Path | None, as_json: bool) -> None:
    """List combined bills from the clearing system's own books; with ``pdf``, write the one that was named as a document.

    Raises:
        NotFound: No books, or no such bill.
        Conflict: A document of more than one bill was asked for.
    """
    wanted = {"combined_account": account, "period": period, "number": number}
    with ClearingBooks() as books:
        rows = books.bills({name: value for name, value in wanted.items() if value})
        if not rows and any(wanted.values()):
            raise NotFound(word("no_bills"))
        if pdf is not None:
            write_file(pdf, books.document(_the_one(rows)))
            sys.stderr.write(word("written", path=pdf) + "\n")
    if as_json:
        print_json(rows)
    elif pdf is None:
        _print_bills(rows)


def _the_one(rows: Sequence[Row]) -> Row:
    if len(rows) == 1:
        return rows[0]
    listed = ", ".join(row["number"] for row in rows[:5])
    raise Conflict(word("many_bills", count=len(rows), numbers=listed + (" …" if len(rows) > 5 else "")))


@dataclass
class ClearingBooks:
    """The books of the system that hosts settlement, opened beside whoever runs it; made by nobody who only wants to look."""

    def __enter__(self) -> "ClearingBooks":
        from metropool.runtime.settings import settings_of_home
        from metropool.runtime.systems import compile_named, open_node

        self._settings = settings_of_home()
        compiled = compile_named(self._settings.plan, home=self._settings.home)
        system = compiled.host_of("settlement")
        if system is None:
            raise Invalid(f"the plan {compiled.plan} places settlement nowhere")
        if self._settings.database == "embedded" and not (self._settings.folder(system) / f"{system}.sqlite").exists():
            raise NotFound(word("no_books", home=self._settings.home))
        self._node = open_node(system, compiled=compiled, settings=self._settings)
        return self

    def __exit__(self, *_: object) -> None:
        self._node.close()

    def bills(self, equal: Mapping[str, str]) -> list[dict[str, Any]]:
        """Combined bills whose columns equal the given values, newest first."""
        from metropool.core.periods import business_date
        from metropool.portal.desks.money import combined

        def query(work: Any) -> list[dict[str, Any]]:
            today, rows = business_date(work.now), work.dues.combined_bills(**equal)
            accounts = {row["combined_account"] for row in rows}
            dues = {due["bill_number"]: due for account in accounts for due in work.dues.dues(combined_account=account)}
            return [
                {"account": row["combined_account"], **combined.summary(row, dues, today=today).model_dump(mode="json")}
                for row in rows
            ]

        return self._node.read_now("settlement", query)

    def document(self, row: Row) -> bytes:
        """The PDF of a bill, as the resident gets it."""
        from metropool.portal.desks.residents.households import HouseholdsDesk
        from metropool.portal.documents.bill import render_bill

        def query(work: Any) -> Any:
            return HouseholdsDesk(work, {}).bill(account=row["account"], number=row["number"])

        bill = self._node.read_now("settlement", query)
        return render_bill(bill, language(), pay_url=f"{self._settings.public_url}/pay/{row['account']}")


def write_file(path: Path, content: bytes) -> None:
    """Write what was asked for.

    Raises:
        Unavailable: It cannot be written there.
    """
    try:
        path.write_bytes(content)
    except OSError as cause:
        raise Unavailable(word("not_written", path=path, reason=cause.strerror)) from cause


def _print_bills(rows: Sequence[Row]) -> None:
    from rich.console import Console
    from rich.table import Table

    from metropool.core.money import show_cny

    table = Table(show_edge=False, box=None)
    for key in ("number", "account", "month", "total", "paid", "due_date", "state"):
        table.add_column(word(f"bill_column_{key}"), justify="right" if key in ("total", "paid") else "left", no_wrap=True)
    for row in rows[:SHOWN]:
        money = (show_cny(row["total_fen"]), show_cny(row["paid_fen"]))
        table.add_row(row["number"], row["account"], row["month"], *money, row["due_date"], word(f"bill_state_{row['state']}"))
    console = Console()
    console.print(table)
    if len(rows) > SHOWN:
        console.print(word("more_rows", count=len(rows) - SHOWN))


def run_bench(arguments: Sequence[str]) -> None:
    """Run the benchmark of the source tree; its exit status is ours.

    Raises:
        Unavailable: This is an installed package without its source tree.
    """
    root = Path(__file__).resolve().parents[4]
    if not (root / "bench" / "__main__.py").is_file():
        raise Unavailable(word("no_bench"))
    status = subprocess.run([sys.executable, "-m", "bench", *arguments], cwd=root, check=False).returncode
    if status:
        raise SystemExit(status)
