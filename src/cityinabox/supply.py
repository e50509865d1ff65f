"""What a supply meter of the network has counted: all that the meters behind it truly let pass, and what is lost on the way.

It follows the use of each customer, not their meters: a meter that stands still or steps back does not change it, supply that is
switched off does. Exact on integers, as ``series`` is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cityinabox.series import Consumption, Ints, drawn

WHOLE = 10_000
OffTimes = Callable[[str], Sequence[tuple[int, int | None]]]


def _never_off(_: str) -> Sequence[tuple[int, int | None]]:
    return ()


@dataclass(frozen=True)
class Supply:
    """How one supply meter counts; its register is in its own units, to be multiplied by ``multiplier``.

    Args:
        parts: Use behind each meter it feeds, and that meter's multiplier; all with the same tariffs.
        loss: What is lost, in ten-thousandths of what is supplied.
        multiplier: Of its own instrument transformers.
        start: Register at the epoch of the series; goes to the flat tariff when there are several.
    """

    parts: Mapping[str, tuple[Consumption, int]]
    loss: int = 0
    multiplier: int = 1
    start: int = 0

    def registers(self, at_s: int, off_times: OffTimes = _never_off) -> tuple[int, ...]:
        """Tariff registers at ``at_s``; never fall. One register when the parts have no tariffs."""
        behind = [
            [multiplier * value for value in drawn(use, at_s, off_times(device))]
            for device, (use, multiplier) in self.parts.items()
        ]
        sums = [sum(values) for values in zip(*behind, strict=True)]
        return tuple(self._start(k, len(sums)) + value * WHOLE // self._share for k, value in enumerate(sums))

    def register(self, at_s: int) -> int:
        """The total register at ``at_s``."""
        return sum(self.registers(at_s))

    def interval(self, from_s: int, to_s: int) -> int:
        """What was counted in [from_s, to_s)."""
        return self.register(to_s) - self.register(from_s)

    def columns(self, at_s: Ints) -> Ints:
        """``registers`` at many times at once, shape (tariffs, times), with nobody switched off."""
        sums = np.sum([use.columns(at_s) * multiplier for use, multiplier in self.parts.values()], axis=0)
        starts = np.array([[self._start(k, len(sums))] for k in range(len(sums))], np.int64)
        shown: Ints = starts + sums * WHOLE // self._share
        return shown

    @property
    def _share(self) -> int:
        return (WHOLE - self.loss) * self.multiplier

    def _start(self, k: int, tariffs: int) -> int:
        return self.start if k == (2 if tariffs > 1 else 0) else 0


def use_of(row: Mapping[str, Any]) -> Consumption | Supply:
    """What the settings of a series in the city file stand for."""
    if "parts" not in row:
        return Consumption(row["source"], row["offset_weeks"], row["monthly"], row["start"])
    parts = {device: (_part(part), int(part.get("multiplier", 1))) for device, part in row["parts"].items()}
    return Supply(parts, row["loss"], row["multiplier"], row["start"])


def _part(row: Mapping[str, Any]) -> Consumption:
    return Consumption(row["source"], row["offset_weeks"], row["monthly"])
