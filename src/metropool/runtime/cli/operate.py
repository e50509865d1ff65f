"""Commands about what runs: bills, the bench."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metropool.core.errors import Conflict, Invalid, NotFound, Unavailable
from metropool.runtime.cli.printing import print_json, tell_written, text_console, write_file
from metropool.runtime.cli.words import language, word

Row = Mapping[str, Any]
SHOWN = 40


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
            tell_written(pdf)
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
        from metropool.runtime.systems import compile_named, has_books, open_node

        self._settings = settings_of_home()
        compiled = compile_named(self._settings.plan, home=self._settings.home)
        system = compiled.host_of("settlement")
        if system is None:
            raise Invalid(f"the plan {compiled.plan} places settlement nowhere")
        if not has_books(self._settings, system):
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


def _print_bills(rows: Sequence[Row]) -> None:
    from rich.table import Table

    from metropool.core.money import show_cny

    table = Table(show_edge=False, box=None)
    for key in ("number", "account", "month", "total", "paid", "due_date", "state"):
        table.add_column(word(f"bill_column_{key}"), justify="right" if key in ("total", "paid") else "left", no_wrap=True)
    for row in rows[:SHOWN]:
        money = (show_cny(row["total_fen"]), show_cny(row["paid_fen"]))
        table.add_row(row["number"], row["account"], row["month"], *money, row["due_date"], word(f"bill_state_{row['state']}"))
    console = text_console()
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
