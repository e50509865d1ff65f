"""A report for a person: rows that were driven, doors that were tried, and a sentence at the end."""

from rich.console import Console
from rich.table import Table

from metropool.core.texts import Language, say
from metropool.runtime.conformance.report import ROOM, Finding, Report, said

ARROWS = {"up": "↑", "down": "↓"}
STYLES = {"works": "green", "not built": "dim", "failed": "bold red"}


def print_report(report: Report, language: Language, *, with_unbuilt: bool) -> None:
    """Print a report on stdout."""
    console = Console(markup=False, emoji=False)
    console.print(_flows(report, language, with_unbuilt=with_unbuilt))
    if not with_unbuilt:
        hidden = sum(found.status == "not built" for found in report.findings)
        console.print(say(ROOM, "not_built_hidden", language, count=hidden))
    console.print(_doors(report, language))
    for line in closing(report, language):
        console.print(line, highlight=False)


def closing(report: Report, language: Language) -> list[str]:
    """The sentences below the tables."""
    lines = []
    for source, counts in report.counts().items():
        named = say(ROOM, f"source_{source}", language)
        values = {"works": counts["works"], "unbuilt": counts["not built"], "failed": counts["failed"]}
        lines.append(say(ROOM, "counted", language, source=named, **values))
    lines.append(
        say(ROOM, "table_checked", language, **{name: report.table[name] for name in ("combinations", "listed", "wrong")})
    )
    if report.losses:
        letters, killed = report.losses.letters, len(report.losses.killed)
        told = {
            "letters": letters.letters,
            "waiting": letters.waiting,
            "lost": len(letters.lost),
            "doubled": len(letters.doubled),
        }
        lines.append(say(ROOM, "losses", language, servers=report.losses.servers, killed=killed, **told))
    tried, refused = report.unlisted
    failed = sum(found.status == "failed" for found in report.findings)
    key = "sound" if report.is_sound else "unsound"
    return [*lines, say(ROOM, key, language, plan=report.plan, tried=tried, failed=failed, leaked=tried - refused)]


def _flows(report: Report, language: Language, *, with_unbuilt: bool) -> Table:
    title = say(ROOM, "title", language, plan=report.plan, seed=report.seed, seconds=f"{report.took_s:.0f}")
    table = Table(title=title, title_justify="left")
    for key in ("row", "message", "way", "status", "delay", "evidence"):
        table.add_column(say(ROOM, f"column_{key}", language), justify="right" if key == "delay" else "left")
    for found in report.findings:
        if with_unbuilt or found.status != "not built":
            table.add_row(*_cells(report, found, language), style=STYLES[found.status])
    return table


def _cells(report: Report, found: Finding, language: Language) -> tuple[str, ...]:
    way, whole = found.way, report.compiled.whole
    ends = (getattr(report.compiled.facts(end).title, language) for end in (way.sender, way.receiver))
    delay = say(ROOM, "milliseconds", language, ms=found.delay_ms) if found.delay_ms is not None else ""
    return (
        f"{way.row} {ARROWS[way.direction]}",
        getattr(whole.messages[way.message], language),
        " → ".join(ends),
        say(ROOM, f"status_{found.status}", language),
        delay,
        found.evidence or said(found.why, language),
    )


def _doors(report: Report, language: Language) -> Table:
    table = Table(title=say(ROOM, "doors_title", language), title_justify="left")
    for key in ("door", "tried", "refused", "controls", "leaks"):
        table.add_column(say(ROOM, f"column_{key}", language), justify="left" if key in ("door", "leaks") else "right")
    for door in report.doors:
        controls = f"{door.let_through}/{door.controls}"
        style = STYLES["works" if door.is_shut else "failed"]
        table.add_row(door.name, str(door.tried), str(door.refused), controls, "\n".join(door.leaks), style=style)
    return table
