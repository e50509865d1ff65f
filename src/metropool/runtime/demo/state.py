"""What a demo keeps between starts: which city, how far its clock came, its logins. The city's time stands still while it is stopped."""

import json
import shutil
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from metropool.core.errors import Invalid, Unavailable
from metropool.runtime.hold import hold
from metropool.storage.disk import write_durably

FILE, LOCK = "demo.json", "demo.lock"
RESULTS = "conformance"
"""Folder of results that a home may have before a demo begins in it."""
AHEAD_S = 3.0
PLAN_BEFORE = "transition"
"""What a home of a version without a choice of plans runs."""
FIRST_MIDNIGHT = datetime(2026, 6, 30, 16, tzinfo=UTC)
FIRST_INSTANT = FIRST_MIDNIGHT + timedelta(minutes=40)
"""00:40 on the first of July in the city: the last day of June is closed and the demo begins."""


@dataclass
class DemoState:
    """A demo's home.

    Attributes:
        home: ``METROPOOL_HOME`` of the demo.
        seed, homes: What the city was made from.
        plan: Name or file of the plan its systems run.
        clock_at: Business instant up to which the clock may have been seen running.
        stages: Stages of the first start that are done.
        held: Keeps the home ours until it is closed or we end.
    """

    home: Path
    seed: int
    homes: int
    plan: str
    clock_at: datetime
    stages: list[str]
    held: IO[bytes] | None = field(default=None, repr=False)

    def has(self, stage: str) -> bool:
        """Whether a stage of the first start is done."""
        return stage in self.stages

    def done(self, stage: str) -> None:
        """Remember that a stage of the first start is done."""
        self.stages.append(stage)
        self.save()

    def save(self) -> None:
        """Keep it, whole or not at all, also through a loss of power."""
        made_of = {"seed": self.seed, "homes": self.homes, "plan": self.plan}
        content = {**made_of, "clock_at": self.clock_at.isoformat(), "stages": self.stages}
        write_durably(self.home / FILE, json.dumps(content))


def open_demo(home: Path, *, fresh: bool, seed: int, homes: int, plan: str) -> DemoState:
    """The demo of a home: the last one, or a new one. The home is ours alone from here on.

    Raises:
        Invalid: The folder holds something else, a city of another seed, size or plan, or a note of a demo that is damaged.
        Conflict: Another demo, or with ``fresh`` any part of a city, runs in it.
        Unavailable: There can be no such folder, or nothing can be written there.
    """
    try:
        return _opened(home, fresh=fresh, seed=seed, homes=homes, plan=plan)
    except OSError as cause:
        raise Unavailable(f"{home} cannot be used: {cause.strerror}; choose another METROPOOL_HOME") from cause


def _opened(home: Path, *, fresh: bool, seed: int, homes: int, plan: str) -> DemoState:
    file = home / FILE
    if not file.exists() and home.exists() and any(entry.name not in (LOCK, RESULTS) for entry in home.iterdir()):
        what = "is not a demo's home: it will not be removed" if fresh else "holds something that is no demo"
        raise Invalid(f"{home} {what}; choose another METROPOOL_HOME")
    held = hold(home / LOCK)
    if fresh:
        _empty(home)
    if not file.exists():
        state = DemoState(home=home, seed=seed, homes=homes, plan=plan, clock_at=FIRST_INSTANT, stages=[], held=held)
        state.save()
        return state
    kept = read_note(home)
    if (kept["seed"], kept["homes"], kept["plan"]) != (seed, homes, plan):
        raise Invalid(
            f"{home} holds the city of seed {kept['seed']} with {kept['homes']} homes under the plan {kept['plan']}: start it with "
            f"--seed {kept['seed']} --homes {kept['homes']} --plan {kept['plan']}, or start over with --fresh"
        )
    return DemoState(home, seed, homes, plan, datetime.fromisoformat(kept["clock_at"]), list(kept["stages"]), held)


def read_note(home: Path) -> dict[str, Any]:
    """What a demo keeps of itself: ``seed``, ``homes``, ``plan``, ``clock_at``, ``stages``.

    Raises:
        Invalid: It is damaged.
    """
    file = home / FILE
    try:
        kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        datetime.fromisoformat(kept["clock_at"])
        known = {name: kept[name] for name in ("seed", "homes", "clock_at", "stages")}
        return {**known, "plan": kept.get("plan", PLAN_BEFORE)}
    except (ValueError, TypeError, KeyError) as cause:
        raise Invalid(f"{file} is damaged: restore it from a backup, or start over with metropool demo --fresh") from cause


def _empty(home: Path) -> None:
    """Remove all of a demo but its lock, once no part of it runs any more."""
    with ExitStack() as parts:
        for lock in home.glob("*/lock"):
            parts.callback(hold(lock).close)
        for entry in home.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name != LOCK:
                entry.unlink()


@dataclass
class DemoClock:
    """The demo's clock: from where the last start stopped, and never seen going back.

    Attributes:
        starts_at: Business instant at ``anchor_s`` (Unix seconds of the machine).
    """

    starts_at: datetime
    speed: float
    anchor_s: float

    @classmethod
    def resume(cls, state: DemoState, *, speed: float) -> "DemoClock":
        """Go on after the furthest instant anyone may have seen."""
        return cls(starts_at=state.clock_at, speed=speed, anchor_s=time.time())  # noqa: TID251

    @property
    def setting(self) -> str:
        """For ``METROPOOL_CLOCK`` and the simulation's ``--clock``."""
        return f"{self.starts_at.isoformat()}@{self.speed:g}/{self.anchor_s:.6f}"

    def now(self) -> datetime:
        """The city's time."""
        return self.starts_at + timedelta(seconds=(time.time() - self.anchor_s) * self.speed)  # noqa: TID251

    def reserve(self, state: DemoState) -> None:
        """Keep an instant that business time will not pass before this is called again."""
        passed_s = (time.time() - self.anchor_s + AHEAD_S) * self.speed  # noqa: TID251
        state.clock_at = self.starts_at + timedelta(seconds=passed_s)
        state.save()
