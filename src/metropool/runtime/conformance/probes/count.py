"""What was tried so far and what became of it, door by door."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from metropool.runtime.conformance.report import Door

LEAKS_SHOWN = 10


@dataclass
class Probed:
    """What was tried, by door.

    Attributes:
        letters: Receiver and SHA-256 of what was let through to an inbox and must be set aside there.
        forged: The same of envelopes that name somebody else.
    """

    tried: Counter[str] = field(default_factory=Counter)
    leaks: dict[str, list[str]] = field(default_factory=dict)
    controls: Counter[str] = field(default_factory=Counter)
    through: Counter[str] = field(default_factory=Counter)
    letters: list[tuple[str, str]] = field(default_factory=list)
    forged: list[tuple[str, str]] = field(default_factory=list)

    def refusals(self, door: str, tried: Collection[object], leaked: Iterable[str], *, who: str) -> None:
        """Count what was tried and what of it was not refused."""
        self.tried[door] += len(tried)
        self.leaks.setdefault(door, []).extend(f"{who}: {each}" for each in leaked)

    def control(self, door: str, what: str, *, passed: bool) -> None:
        """Count something listed."""
        self.controls[door] += 1
        self.through[door] += passed
        if not passed:
            self.leaks.setdefault(f"{door} control", []).append(what)

    def doors(self) -> list[Door]:
        """What was found, door by door."""
        return [self._door(name) for name in self.tried]

    def _door(self, name: str) -> Door:
        leaks, shut_out = self.leaks.get(name, []), self.leaks.get(f"{name} control", [])
        return Door(
            name=name,
            tried=self.tried[name],
            refused=self.tried[name] - len(leaks),
            controls=self.controls[name],
            let_through=self.through[name],
            leaks=tuple([*leaks, *shut_out][:LEAKS_SHOWN]),
        )
