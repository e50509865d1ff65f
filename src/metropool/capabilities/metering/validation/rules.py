"""Parameters of the rules, dated, and what the rules need to know of each channel."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from metropool.core.dated import needed_on, read_dated
from metropool.core.errors import NotFound
from metropool.core.quantities import ReadingType, reading_types_by_id

KINDS = ("register", "interval", "mean_power", "instantaneous", "state", "freeze")
REGISTER, INTERVAL, MEAN_POWER = 0, 1, 2


@dataclass(frozen=True)
class Rules:
    """One dated set of parameters; meanings and units are in ``rules.yaml``."""

    valid_from: date
    version: int
    earliest: int
    future_s: int
    gap_factor: float
    sparse_share: float
    sparse_list_s: int
    complete_min: float
    recover_s: int
    recover_rows: int
    standstill_rows: int
    standstill_s: int
    standstill_factor: float
    stuck_s: int
    stuck_value_s: int
    usual_rows: int
    unknown_limit_factor: float
    last_resort: dict[str, str]
    imputed_rows: int
    imputed_change_min: float
    imputed_distinct_min: int
    leading_zero_rows: int
    late_start_s: int
    flow_day_readings: int
    flow_days: int
    level_days: int
    level_ratio: float
    rollover_near: float
    rollover_low: float


@cache
def all_rules() -> tuple[Rules, ...]:
    """Every set of parameters, by date."""
    return read_dated(Rules, package="metropool.capabilities.metering.validation", name="rules.yaml")


def rules_on(day: date) -> Rules:
    """The parameters that apply to readings of a day.

    Raises:
        NotFound: The day is before the first set.
    """
    return needed_on(all_rules(), day, what="validation rules")


@dataclass(frozen=True)
class ChannelFact:
    """What is known of one channel.

    Attributes:
        channel: Its number in the readings.
        device: Channels of one device are compared with each other.
        interval_s: Nominal distance of readings [s]; 0 when not known, then the most common one is used.
        modulus: Register value that shows as zero, in stored integers; 0 when the digits are not known.
        capacity: Most that can pass in an hour, in stored integers (for a mean power: the highest power); 0 when not known.
        large_step: A step of at least this is told even when its duration would allow it; 0 for none.
        is_signed: Amounts may be negative (energy fed back on a net channel).
    """

    channel: int
    reading_type: ReadingType
    device: int = 0
    interval_s: int = 0
    modulus: int = 0
    capacity: int = 0
    large_step: int = 0
    is_signed: bool = False


@dataclass(frozen=True)
class ChannelFacts:
    """The same as columns, sorted by channel; shape (channels,) each."""

    channel: npt.NDArray[np.int32]
    kind: npt.NDArray[np.int8]
    reading_type: npt.NDArray[np.int32]
    device: npt.NDArray[np.int64]
    interval_s: npt.NDArray[np.int64]
    modulus: npt.NDArray[np.int64]
    capacity: npt.NDArray[np.int64]
    large_step: npt.NDArray[np.int64]
    is_signed: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, facts: list[ChannelFact]) -> "ChannelFacts":
        """Columns of a list of facts."""
        held = sorted(facts, key=lambda fact: fact.channel)
        return cls(
            channel=np.array([fact.channel for fact in held], dtype=np.int32),
            kind=np.array([KINDS.index(fact.reading_type.kind) for fact in held], dtype=np.int8),
            reading_type=np.array([fact.reading_type.id for fact in held], dtype=np.int32),
            device=np.array([fact.device for fact in held], dtype=np.int64),
            interval_s=np.array([fact.interval_s for fact in held], dtype=np.int64),
            modulus=np.array([fact.modulus for fact in held], dtype=np.int64),
            capacity=np.array([fact.capacity for fact in held], dtype=np.int64),
            large_step=np.array([fact.large_step for fact in held], dtype=np.int64),
            is_signed=np.array([fact.is_signed for fact in held], dtype=np.bool_),
        )

    @classmethod
    def of_columns(cls, channels: pa.Table) -> "ChannelFacts":
        """The same from columns channel, item, digits (null when not known) and interval_s, for many channels at once."""
        held = channels.sort_by("channel")
        kinds = reading_types_by_id()
        item = held["item"].to_numpy().astype(np.int32)
        kind, scale = np.zeros(max(kinds) + 1, dtype=np.int8), np.zeros(max(kinds) + 1, dtype=np.int64)
        for number, reading_type in kinds.items():
            kind[number], scale[number] = KINDS.index(reading_type.kind), reading_type.scale
        digits = held["digits"].fill_null(0).to_numpy().astype(np.int64)
        nothing = np.zeros(item.size, dtype=np.int64)
        return cls(
            channel=held["channel"].to_numpy().astype(np.int32),
            kind=kind[item],
            reading_type=item,
            device=nothing,
            interval_s=held["interval_s"].fill_null(0).to_numpy().astype(np.int64),
            modulus=np.where(digits > 0, 10 ** np.maximum(digits - scale[item], 0), 0),
            capacity=nothing,
            large_step=nothing,
            is_signed=np.zeros(item.size, dtype=np.bool_),
        )

    def capacity_or(self, rules: Rules, usual: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Capacity of registers, of last resort where neither it nor what is ``usual`` is known; 0 leaves it to what is usual."""
        kinds = reading_types_by_id()
        most = np.zeros(max(kinds) + 1, dtype=np.int64)
        for number, kind in kinds.items():
            if kind.kind == "register" and kind.service in rules.last_resort:
                most[number] = kind.stored(Decimal(rules.last_resort[kind.service]))
        resort = np.where(usual > 0, 0, most[self.reading_type])
        return np.where(self.capacity > 0, self.capacity, resort)

    def of_rows(self, channel: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """Position of each row's channel among the facts.

        Raises:
            NotFound: A channel has no facts.
        """
        place = np.searchsorted(self.channel, channel)
        if not self.channel.size:
            raise NotFound("nothing is known of any channel")
        found = self.channel[np.minimum(place, self.channel.size - 1)] == channel
        if not found.all():
            raise NotFound(f"nothing is known of channels {sorted(set(channel[~found].tolist()))[:10]}")
        return place
