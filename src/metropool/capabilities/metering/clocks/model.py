"""Pure decisions about clocks: how far one is off, whether that is too much, and whether it was set."""

from dataclasses import dataclass
from datetime import date
from functools import cache

from metropool.capabilities.metering.frontend.tasks import ClockShown
from metropool.core.dated import needed_on, read_dated


@dataclass(frozen=True)
class ClockRules:
    """One dated set of rules; meanings are in ``rules.yaml``."""

    valid_from: date
    limit_s: int
    every_s: int
    again_s: int
    settled_s: int


@cache
def all_rules() -> tuple[ClockRules, ...]:
    """Every set of rules, by date."""
    return read_dated(ClockRules, package="metropool.capabilities.metering.clocks", name="rules.yaml")


def clock_rules_on(day: date) -> ClockRules:
    """The rules of a day.

    Raises:
        NotFound: The day is before the first set.
    """
    return needed_on(all_rules(), day, what="clock rules")


@dataclass(frozen=True)
class Drift:
    """How far a clock is ahead of ours [ms], give or take half of the round trip [ms].

    A clock shows whole seconds, so it is ahead by half a second more on the average: that is left out.
    """

    ahead_ms: int
    margin_ms: int

    def is_beyond(self, limit_s: int) -> bool:
        """Surely off by more than ``limit_s``."""
        return abs(self.ahead_ms) - self.margin_ms > limit_s * 1000

    def is_settled(self, settled_s: int) -> bool:
        """As right as one that was just set."""
        return abs(self.ahead_ms) <= settled_s * 1000 + self.margin_ms


def drift_of(shown: ClockShown) -> Drift | None:
    """Meter clock less our clock at half of the round trip; None for a clock that named no time."""
    if shown.shown_at is None:
        return None
    ours = (shown.asked_at + shown.heard_at) // 2
    return Drift(ahead_ms=shown.shown_at * 1000 - ours, margin_ms=(shown.heard_at - shown.asked_at + 1) // 2)
