"""Continuous flow: days on which a meter never stood still for an hour; many of them are a suspected leak."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from metropool.capabilities.metering.validation.flags import FLAGS, Findings, FlagClass
from metropool.capabilities.metering.validation.rules import Rules
from metropool.facts.readings.steps import same_as_before

Ints = npt.NDArray[np.int64]
_DOUBTFUL = (FlagClass.BACKWARD, FlagClass.RESET, FlagClass.SPIKE, FlagClass.ZEROED, FlagClass.SCALE_CHANGE)


def find_continuous_flow(*, steps: pa.Table, flags: pa.Table, channels: list[int], day_starts: Ints, rules: Rules) -> pa.Table:
    """Channels with at least ``flow_days`` days of which no hour was without flow.

    A day on which a register fell or leapt proves nothing: what passed in the hour of the fall is not known.

    Args:
        steps: ``STEPS`` of registers read about hourly.
        flags: ``FLAGS`` of the same readings.
        channels: Those to look at (water and gas, not electricity).
        day_starts: Local midnights [Unix s] around the data.

    Returns:
        ``FLAGS``; ``count`` is the number of such days. A meter with fewer than ``flow_day_readings`` readings on its median
        day is left out: it hides its zero hours.
    """
    found = Findings()
    wanted = steps.filter(pc.is_in(steps["channel"], pa.array(channels, pa.int32())))
    if not wanted.num_rows:
        return FLAGS.empty_table()
    channel, at = wanted["channel"].to_numpy(), wanted["at"].to_numpy()
    still = wanted["step"].to_numpy() == 0
    day = np.searchsorted(day_starts, at, side="right")
    first = np.flatnonzero(~(same_as_before(channel) & same_as_before(day)))
    count = np.diff(np.append(first, at.size))
    flowing = (np.add.reduceat(still, first) == 0) & ~_is_doubtful(channel[first], day[first], flags, day_starts)
    owner, of = np.unique(channel[first], return_inverse=True)
    days = np.bincount(of, weights=flowing).astype(np.int64)
    median = np.array([np.median(count[of == number]) for number in range(owner.size)])
    leaking = np.flatnonzero((days >= rules.flow_days) & (median >= rules.flow_day_readings))
    begins, ends = np.searchsorted(channel, owner[leaking], "left"), np.searchsorted(channel, owner[leaking], "right") - 1
    found.add(FlagClass.CONTINUOUS_FLOW, channel=owner[leaking], from_at=at[begins], to_at=at[ends], count=days[leaking])
    return found.table()


def _is_doubtful(channel: npt.NDArray[np.int32], day: Ints, flags: pa.Table, day_starts: Ints) -> npt.NDArray[np.bool_]:
    """Days, given by channel and number, on which a reading was set aside or a register broke off."""
    told = flags.filter(pc.is_in(flags["code"], pa.array([int(code) for code in _DOUBTFUL], pa.int8())))
    marks = set(
        zip(told["channel"].to_pylist(), np.searchsorted(day_starts, told["from_at"].to_numpy(), "right").tolist(), strict=True)
    )
    return np.fromiter(
        (pair in marks for pair in zip(channel.tolist(), day.tolist(), strict=True)), dtype=np.bool_, count=day.size
    )
