"""Runs plans in towns of their own and prints what became of each row."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from metropool.core.clock import monotonic_s
from metropool.core.errors import Invalid
from metropool.core.identifiers import RandomIds
from metropool.core.texts import say
from metropool.plan.compare import Stop
from metropool.runtime.cli.printing import print_json
from metropool.runtime.cli.words import language
from metropool.runtime.conformance.keeping import keep
from metropool.runtime.conformance.printing import print_report
from metropool.runtime.conformance.report import ROOM, Report, said
from metropool.runtime.conformance.running import PLANS, Run
from metropool.runtime.conformance.stopping import stop_each
from metropool.runtime.conformance.ways import Words
from metropool.runtime.demo.running import demo_home
from metropool.runtime.settings import Settings

T = TypeVar("T")
SEED_DIGITS = 6


def run_conformance(
    plans: Sequence[str],
    *,
    outside: Sequence[str],
    servers: int,
    seed: int | None,
    folder: Path | None,
    with_unbuilt: bool,
    as_json: bool,
) -> None:
    """Run the plans, with companies' own software for the systems ``outside``; exit status 1 when a row failed or something unlisted
    got through.

    Raises:
        NotFound, Invalid: A plan is none, or faulty; or the folder has something in it.
        Unavailable: A town could not be set up.
    """
    tell = _telling(monotonic_s())

    def finished(report: Report) -> None:
        for home in {demo_home(), Settings().home}:
            tell("kept_at", file=keep(report, home=home))
        if not as_json:
            print_report(report, language(), with_unbuilt=with_unbuilt)

    drawn = _drawn() if seed is None else seed
    named = ["+".join((plan, *outside)) for plan in plans or PLANS]
    run = Run(named, seed=drawn, say=tell, finished=finished, servers=servers)
    reports = _run(run, folder)
    if folder is not None:
        tell("homes_at", folder=folder)
    if as_json:
        shown = [report.as_json(language()) for report in reports]
        print_json(shown[0] if len(plans) == 1 else shown)
    if not all(report.is_sound for report in reports):
        raise SystemExit(1)


def measure_stops(plans: Sequence[str], systems: Sequence[str]) -> dict[str, tuple[Stop, ...]]:
    """Plan to what was seen while each of these systems stood still, the worst first.

    Raises:
        NotFound, Invalid: A plan or system is none, or a plan is faulty.
        Unavailable: A town could not be set up.
    """
    run = Run(plans, seed=_drawn(), say=_telling(monotonic_s()), finished=lambda _: None)
    with TemporaryDirectory(prefix="metropool-stopping-") as drawn:
        seen = asyncio.run(_until_asked_to_stop(stop_each(run, systems, Path(drawn))))
    return {
        plan: tuple(sorted((each.stop for each in found), key=lambda stop: (-stop.silenced, stop.system)))
        for plan, found in seen.items()
    }


def _drawn() -> int:
    return int(RandomIds().fresh_id()[:SEED_DIGITS], 16)


def _telling(began: float) -> Callable[..., None]:
    def tell(key: str, **values: object) -> None:
        spoken = {name: said(value, language()) if isinstance(value, Words) else value for name, value in values.items()}
        sys.stderr.write(f"[{monotonic_s() - began:6.1f} s] {say(ROOM, key, language(), **spoken)}\n")

    return tell


def _run(run: Run, folder: Path | None) -> list[Report]:
    if folder is not None:
        if folder.exists() and any(folder.iterdir()):
            raise Invalid(say(ROOM, "folder_used", language(), folder=folder))
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return asyncio.run(_until_asked_to_stop(run.all(folder)))
    with TemporaryDirectory(prefix="metropool-conformance-") as drawn:
        return asyncio.run(_until_asked_to_stop(run.all(Path(drawn))))


async def _until_asked_to_stop(work: Coroutine[Any, Any, T]) -> T:
    task = asyncio.ensure_future(work)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        raise SystemExit(130) from None
