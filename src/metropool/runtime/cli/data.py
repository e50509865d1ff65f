"""Commands about data: explain a frame, rate cases, load a file."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from metropool.core.errors import Invalid, MetropoolError, NotFound
from metropool.core.periods import BUSINESS_ZONE
from metropool.core.texts import Sentence
from metropool.runtime.cli.printing import print_json, text_console
from metropool.runtime.cli.words import language, told, word

SHOWN = 30
TIMES = {"first_at", "last_at", "from", "to", "longest_from", "longest_to"}
NARROW = {*TIMES, "class", "readings", "total", "unit", "count", "line"}


def explain_frame(hexadecimal: str, *, protocol: str, as_json: bool) -> None:
    """Explain a frame field by field.

    Raises:
        Invalid: A frame that must be refused, with the reason in words; as JSON on stdout too when that was asked for.
    """
    from metropool.devices.explain import decode_text, reason_text

    try:
        told = decode_text(protocol=protocol.lower(), text=hexadecimal, as_json=as_json, language=language())
    except Invalid as refusal:
        reason = reason_text(refusal, language=language())
        if as_json:
            print_json({"error": refusal.what, "reason": reason})
        raise Invalid(reason) from refusal
    sys.stdout.write(told + "\n")


def rate_file(path: Path, *, as_json: bool) -> None:
    """Rate the cases of a file, in their order; those that cannot be rated say why, and the others are rated all the same.

    Raises:
        NotFound: No such file.
        Invalid: It is no JSON or no list, or some of its cases cannot be rated.
    """
    from metropool.capabilities.billing.cases import rate_each

    with refusal_as_json(as_json):
        rated = rate_each(read_json(path), language=language())
    if as_json:
        print_json(rated.answers)
    else:
        for case in rated.answers:
            sys.stdout.write(_rated_line(case) + "\n")
    if rated.faults:
        raise Invalid(word("rate_faulty", faulty=rated.faulty, cases=len(rated.answers)), faults=rated.faults)


def _rated_line(case: dict[str, Any]) -> str:
    name = case.get("tariff") or case.get("rule") or "?"
    total = case.get("total_cny") or case.get("late_fee_cny") or case.get("energy_charge_cny")
    return f"{name}: ¥ {total}" if "error" not in case else f"{name}: {word('rate_none')}"


def read_json(path: Path) -> Any:
    """A JSON file as values; what JSON leaves open (a key said twice, NaN) is refused rather than guessed.

    Raises:
        NotFound: No such file.
        Invalid: It is no JSON.
    """
    if not path.is_file():
        raise NotFound.that(told("no_file", path=path))
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_each_key_once, parse_constant=_no_number)
    except RecursionError as cause:
        raise Invalid.that(told("json_deep", path=path)) from cause
    except _Unclear as cause:
        raise Invalid.that(told("no_json", path=path, reason=cause.reason)) from cause
    except json.JSONDecodeError as cause:
        place = told("json_place", line=cause.lineno, column=cause.colno)
        raise Invalid.that(told("no_json", path=path, reason=place)) from cause
    except UnicodeDecodeError as cause:
        raise Invalid.that(told("no_json", path=path, reason=told("json_not_utf8"))) from cause
    except ValueError as cause:  # a number of more digits than Python reads
        raise Invalid.that(told("no_json", path=path, reason=told("json_digits"))) from cause


class _Unclear(Exception):
    """JSON that could mean one thing or another."""

    def __init__(self, reason: Sentence) -> None:
        super().__init__(str(reason))
        self.reason = reason


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _Unclear(told("json_twice", name=next(name for name in names if names.count(name) > 1)))
    return found


def _no_number(name: str) -> float:
    raise _Unclear(told("json_no_number", name=name))


@contextmanager
def refusal_as_json(as_json: bool) -> Iterator[None]:
    """Say a refusal on stdout as JSON too, where JSON was asked for: ``{"error": what, "faults": [...]}``."""
    try:
        yield
    except MetropoolError as fault:
        if as_json:
            faults = [{"where": each.where, "what": each.what, "remedy": each.remedy} for each in fault.faults_in(language())]
            print_json({"error": fault.said(language()), "faults": faults})
        raise


def import_files(paths: Sequence[Path], *, mapping: str, as_json: bool) -> None:
    """Load files of meter data through the log, like live readings, one after the other; a fault stops the rest."""
    from metropool.capabilities.metering.validation.kernels import is_compiled
    from metropool.runtime.importing import run_import

    if any(path.exists() for path in paths) and not is_compiled():
        sys.stderr.write(word("import_compiles") + "\n")
    reports = []
    for path in paths:
        with refusal_as_json(as_json):
            reports.append(run_import(path, mapping=mapping, language=language()))
        if not as_json:
            _print_report(reports[-1])
    if as_json:
        print_json(reports[0] if len(reports) == 1 else reports)


def _print_report(report: dict[str, Any]) -> None:
    console = text_console()
    console.print(word("import_head", **{name: report[name] for name in ("file", "mapping", "rows", "readings", "accepted")}))
    if report["columns_left_out"]:
        console.print(word("import_left_out", columns=", ".join(report["columns_left_out"])))
    if report.get("unmeasured") and report["unmeasured"]["runs"]:
        console.print(word("import_unmeasured", **{name: _cell(name, value) for name, value in report["unmeasured"].items()}))
    console.print(_table("channel", report["channels"], ("channel", "readings", "total", "unit", "first_at", "last_at")))
    _print_some(console, "flag", report["flags"], ("class", "channel", "from", "to", "count", "line", "done"))
    _print_some(console, "doubt", report["doubts"], ("line", "reason", "column", "text", "done"))
    console.print(word("import_zone", zone=BUSINESS_ZONE.key))
    console.print(word(f"import_{report['outcome']}"))


def _print_some(console: Any, kind: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    if rows:
        console.print(_table(kind, rows[:SHOWN], columns))
    if len(rows) > SHOWN:
        console.print(word("more_rows", count=len(rows) - SHOWN))


def _table(kind: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> Any:
    from rich.table import Table

    table = Table(title=word(f"import_{kind}s"), title_justify="left", box=None)
    for name in columns:
        table.add_column(word(f"import_column_{name}"), overflow="fold", no_wrap=name in NARROW)
    for row in rows:
        table.add_row(*(_cell(name, row[name]) for name in columns))
    return table


def _cell(name: str, value: object) -> str:
    """A value as people read it; times are of the city's zone."""
    if value is None:
        return ""
    if name not in TIMES:
        return str(value)
    here = datetime.fromisoformat(str(value)).astimezone(BUSINESS_ZONE)
    return here.strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")
