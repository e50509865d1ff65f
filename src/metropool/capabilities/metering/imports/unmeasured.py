"""What a file says, in a column of its own, was not measured: how long, in how many runs, and the longest of them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from metropool.capabilities.metering.imports.mapping.model import Mapping
from metropool.capabilities.metering.imports.times import place_local, zone_of

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Unmeasured:
    """Time not measured by the column ``column``; all zero when everything was.

    Attributes:
        seconds: All of it [s], over all meters of the file.
        runs: Stretches of neighbouring intervals of one meter of which something is missing.
        longest_s: The longest run [s], measured parts of its first and last interval left out.
        longest_from, longest_to: Start of its first and end of its last interval [Unix s].
        longest_lines: First and last line of it in the file.
    """

    column: str
    seconds: int = 0
    runs: int = 0
    longest_s: int = 0
    longest_from: int = 0
    longest_to: int = 0
    longest_lines: tuple[int, int] = (0, 0)


@dataclass
class UnmeasuredRows:
    """Collects the rows of a file that were not, or not wholly, measured."""

    mapping: Mapping
    parts: list[dict[str, Ints]] = field(default_factory=list)

    def add(self, marks: pa.Array, *, missing: npt.NDArray[np.bool_], device: Ints, seconds: Ints, line: Ints) -> None:
        """Take in rows: what the column says, whether that means missing, meter, time as written [s], line."""
        short = self._short_s(marks, missing)
        some = short > 0
        columns = {"device": device, "at": seconds, "short": short, "line": line}
        self.parts.append({name: values[some] for name, values in columns.items()})

    def _short_s(self, marks: pa.Array, missing: npt.NDArray[np.bool_]) -> Ints:
        whole, full = self.mapping.channels[0].interval_s, self.mapping.validity.of if self.mapping.validity else 0
        if not full:
            return np.where(missing, whole, 0)
        digits = pc.if_else(pc.match_substring_regex(marks, r"^\d{1,9}$"), marks, pa.scalar("0"))
        measured = np.clip(digits.cast(pa.int64()).to_numpy(zero_copy_only=False), 0, full)
        return np.asarray(whole * (full - measured) // full)

    def told(self, *, is_local: bool) -> Unmeasured:
        """The sum of it."""
        validity = self.mapping.validity
        column = validity.column if validity else ""
        if not self.parts or not sum(part["at"].size for part in self.parts):
            return Unmeasured(column)
        rows: dict[str, Any] = {name: np.concatenate([part[name] for part in self.parts]) for name in self.parts[0]}
        time, step = self.mapping.time, self.mapping.channels[0].interval_s
        if is_local:
            zone = zone_of(time.zone)
            rows["at"] = place_local(rows["at"], zone=zone, channel=rows["device"], repeated=time.repeated).at
        order = np.lexsort((rows["at"], rows["device"]))
        rows = {name: values[order] for name, values in rows.items()}
        first = np.flatnonzero(np.append(True, (np.diff(rows["at"]) != step) | (np.diff(rows["device"]) != 0)))
        last = np.append(first[1:], order.size) - 1
        length = np.add.reduceat(rows["short"], first)
        top = int(np.argmax(length))
        begin = 0 if time.stamp == "start" else step
        return Unmeasured(
            column=column,
            seconds=int(length.sum()),
            runs=first.size,
            longest_s=int(length[top]),
            longest_from=int(rows["at"][first[top]]) - begin,
            longest_to=int(rows["at"][last[top]]) - begin + step,
            longest_lines=(int(rows["line"][first[top]]), int(rows["line"][last[top]])),
        )
