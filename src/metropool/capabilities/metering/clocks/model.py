"""Pure decisions about clocks: how far one is off, whether that is too much, and whether it was set."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

import yaml

from metropool.capabilities.metering.frontend.tasks import ClockShown
from metropool.core.errors import NotFound


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
    text = files("metropool.capabilities.metering.clocks").joinpath("rules.yaml").read_text(encoding="utf-8")
    return tuple(sorted((ClockRules(**row) for row in yaml.safe_load(text)), key=lambda rules: rules.valid_from))


def clock_rules_on(day: date) -> ClockRules:
    """The rules of a day.

    Raises:
        NotFound: The day is before the first set.
    """
    valid = [rules for rules in all_rules() if rules.valid_from <= day]
    if not valid:
        raise NotFound(f"no clock rules are valid on {day}")
    return valid[-1]


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
