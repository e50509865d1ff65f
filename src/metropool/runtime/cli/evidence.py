"""Writes evidence of what was exchanged to one file, and verifies such a file with nothing else at hand."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, redirect_stdout, suppress
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from metropool.core.errors import Invalid, NotFound
from metropool.core.periods import day_period, in_utc
from metropool.exchange.evidence.lines import lines_of
from metropool.exchange.evidence.objects import Asked, PublicKey
from metropool.exchange.evidence.trail import Broken
from metropool.exchange.evidence.verify import Report, keys_of, verify
from metropool.runtime.cli.printing import STDOUT, print_json, tell_written
from metropool.runtime.cli.words import language, word
from metropool.runtime.settings import Settings, settings_of_home
from metropool.storage.disk import write_durably
from metropool.storage.suites import ED25519, self_test
from metropool.storage.units import UnitContext


def export_evidence(file: Path, *, systems: Sequence[str], start: str, end: str, party: str, letter: str, as_json: bool) -> None:
    """Write what was asked for, read it again and verify it; exit status 1 when the book is not whole.

    Where the file is ``-`` the evidence goes to stdout, once it was verified, and what is said of it to stderr.

    Raises:
        NotFound: There is no signed evidence of it, or no such system.
        Invalid: A time is none, or the book is not whole.
        Unavailable: The file cannot be written, or a key not be read.
    """
    is_piped = file == STDOUT
    asked = Asked(party=_told(party), start=_instant(start), end=_instant(end), letter=_told(letter))
    target = STDOUT if is_piped else _target(file)
    with ExitStack() as stack:
        books = _books(stack, settings_of_home(), systems)
        told, lines = _sections(books, settings_of_home(), asked=asked)
        file = stack.enter_context(_for_stdout()) if is_piped else target
        write_durably(file, lines)
        with file.open("rb") as opened:
            report = verify(lines_of(opened))
        faults = _faults(report, books)
        if is_piped:
            _pour(file)
    media = {found.system: found.media for found in report.sections}
    told = [{**each, "media": media.get(each["system"], {})} for each in told]
    with redirect_stdout(sys.stderr) if is_piped else nullcontext():
        _tell(target, told, faults, as_json=as_json)
    if faults:
        raise Invalid(word("evidence_not_whole", **faults[0]))


def _tell(target: Path, told: Sequence[Mapping[str, Any]], faults: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json({"file": target, "systems": told, "faults": faults})
        return
    for each in told:
        sys.stdout.write(word("evidence_exported", **{**each, "media": _media(each["media"])}) + "\n")
    tell_written(target)


@contextmanager
def _for_stdout() -> Iterator[Path]:
    """A file for what goes to stdout: it is poured out once it is whole."""
    with TemporaryDirectory(prefix="metropool-") as folder:
        yield Path(folder) / "evidence"


def _pour(file: Path) -> None:
    with file.open("rb") as opened:
        shutil.copyfileobj(opened, sys.stdout.buffer)
    sys.stdout.flush()


def _faults(report: Report, books: Mapping[str, UnitContext]) -> list[dict[str, Any]]:
    """What is wrong with the evidence that was written: first what the file itself tells, then which records are gone."""
    told = [_fault(report.system, report.fault)] if report.fault else []
    return [*told, *(fault for fault in _gone(books) if fault["system"] not in {each["system"] for each in told})]


def _gone(books: Mapping[str, UnitContext]) -> list[dict[str, Any]]:
    from metropool.exchange.evidence.export import first_missing

    numbers = {name: first_missing(context.connection) for name, context in books.items()}
    return [_fault(name, Broken("gone", number)) for name, number in numbers.items() if number]


def _fault(system: str, fault: Broken) -> dict[str, Any]:
    return {"system": system, "record": fault.number, "what": fault.sentence.said(language())}


def verify_evidence(file: Path, *, keys: Path | None, as_json: bool) -> None:
    """Verify a file, or stdin where it is ``-``; exit status 1 when it is not what was signed.

    Raises:
        NotFound: A file cannot be read.
        Invalid: The keys are none.
        Unavailable: The cryptography library gives wrong answers.
    """
    self_test(ED25519)
    try:
        pinned = _pinned(keys) if keys else None
        with nullcontext(sys.stdin.buffer) if file == STDOUT else file.open("rb") as opened:
            report = verify(lines_of(opened), pinned=pinned)
    except OSError as cause:
        raise NotFound(word("not_read", path=cause.filename, reason=cause.strerror)) from cause
    if as_json:
        print_json(_as_json(report, is_pinned=keys is not None))
    else:
        _print(report, is_pinned=keys is not None)
    if report.fault:
        raise SystemExit(1)


def _sections(
    books: Mapping[str, UnitContext], settings: Settings, *, asked: Asked
) -> tuple[list[dict[str, Any]], Iterator[bytes]]:
    """What each system has of what is asked for, and the lines of the file."""
    from metropool.exchange.evidence.export import choose, section_lines, uncovered
    from metropool.runtime.evidence import read_key

    found = {name: chosen for name, context in books.items() if (chosen := choose(context.connection, asked))}
    if not found:
        gone = "".join(f"; {fault['system']}: {fault['what']}" for fault in _gone(books))
        raise NotFound(word("evidence_nothing") + gone)

    def lines() -> Iterator[bytes]:
        for name in found:
            key = read_key(settings, name)
            try:
                yield from section_lines(books[name], key=key, asked=asked, contents=found)
            except Broken as broken:
                raise Invalid(word("evidence_not_written", **_fault(name, broken))) from broken

    told = [{"system": name, **asdict(chosen), "uncovered": uncovered(books[name].connection)} for name, chosen in found.items()]
    return told, lines()


def _books(stack: ExitStack, settings: Settings, wanted: Sequence[str]) -> dict[str, UnitContext]:
    """The systems of the home, each with a view of its books that stays as it is; whoever serves them may go on."""
    from metropool.runtime.systems import compile_named, has_books, open_node

    compiled = compile_named(settings.plan, home=settings.home)
    unknown = [name for name in wanted if name not in compiled.nodes()]
    if unknown:
        raise NotFound(word("evidence_no_system", system=unknown[0], systems=", ".join(compiled.nodes())))
    views = {}
    for name in compiled.nodes():
        if has_books(settings, name) and (not wanted or name in wanted):
            node = open_node(name, compiled=compiled, settings=settings)
            stack.callback(node.close)
            views[str(name)] = node.context(stack.enter_context(node.database.snapshot()))
    if not views:
        raise NotFound(word("no_books", home=settings.home))
    return views


def _target(file: Path) -> Path:
    """The plain file that is to be written, there or not yet; a link is followed, a device is not replaced."""
    target = Path(os.path.realpath(file))
    if target.exists() and not target.is_file():
        raise Invalid(word("evidence_no_plain_file", path=file))
    return target


def _told(text: str) -> str:
    """A text as it was typed, when it is one."""
    try:
        text.encode()
    except UnicodeEncodeError as cause:
        raise Invalid(word("evidence_no_text", text=ascii(text))) from cause
    return text


def _instant(text: str) -> datetime | None:
    """An instant, or the beginning of a business day."""
    if not text:
        return None
    with suppress(ValueError, OverflowError):
        return day_period(date.fromisoformat(text)).start
    with suppress(ValueError):
        return in_utc(datetime.fromisoformat(text))
    raise Invalid(word("evidence_no_time", text=text))


def _pinned(file: Path) -> list[PublicKey]:
    try:
        return keys_of(file.read_bytes())
    except Invalid as cause:
        raise Invalid(word("evidence_no_keys", path=file, reason=cause.__cause__)) from cause


def _as_json(report: Report, *, is_pinned: bool) -> dict[str, Any]:
    fault = report.fault
    return {
        "whole": fault is None,
        "keys_given": is_pinned,
        "systems": [asdict(found) for found in report.sections],
        "fault": fault
        and {
            "system": report.system,
            "record": fault.number,
            "line": report.line,
            "kind": fault.kind,
            "what": fault.sentence.said(language()),
        },
    }


def _print(report: Report, *, is_pinned: bool) -> None:
    for found in report.sections:
        sys.stdout.write(word(f"evidence_found_{found.kind}", **{**asdict(found), "media": _media(found.media)}) + "\n")
    if report.fault:
        what = report.fault.sentence.said(language())
        sys.stdout.write(word("evidence_broken", system=report.system or "?", line=report.line, what=what) + "\n")
    else:
        sys.stdout.write(word("evidence_whole") + "\n")
    if not is_pinned:
        sys.stderr.write(word("evidence_keys_of_file") + "\n")


def _media(counts: Mapping[str, int]) -> str:
    """How many records of each medium, in words; of none, that there are none."""
    said = [word(f"evidence_medium_{medium}", count=count) for medium, count in sorted(counts.items())]
    return word("evidence_medium_between").join(said) or word("evidence_medium_none")
