"""Pure: what of a planned day is missing, and the reads that fetch it, terminal by terminal. No loop over meters."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from metropool.capabilities.metering.collection.index import ChannelIndex
from metropool.capabilities.metering.collection.model import Schedule, wait_s
from metropool.capabilities.metering.collection.sheets import Bits, Ints, slots_per_channel, wanted_row
from metropool.capabilities.metering.frontend.tasks import Read
from metropool.core.identifiers import derived_id
from metropool.facts.readings.schemas import Origin

SCHEDULED, RECOLLECTED = int(Origin.SCHEDULED), int(Origin.RECOLLECTED)
METERS_MAX = 32
PATIENCE_S = 900
"""A read that could not begin for so long is dropped; the gap is asked for again."""


@dataclass(frozen=True)
class Gap:
    """What one terminal owes of one item and day.

    Attributes:
        terminal: Address of its link.
        channels: Channels with something missing, ascending.
        first_slot, last_slot: Range that holds all of it, last one not included.
    """

    terminal: int
    channels: Ints
    first_slot: int
    last_slot: int


def gaps(*, index: ChannelIndex, planned: Bits, collected: Bits, first: int, last: int, slots: int) -> list[Gap]:
    """What is planned in slots ``first .. last - 1`` and not collected, by terminal.

    Args:
        index: Channels of the registry.
        planned: Shape (channels, 1).
        collected: Shape (channels, width).
        first, last: Slots that can and should have been read by now.
        slots: Slots of the day.
    """
    missing = wanted_row(first, last, slots)[None, :] & ~collected
    owed = np.flatnonzero(missing.any(axis=1) & (planned[:, 0] != 0) & (index.terminal_of >= 0))
    if not len(owed):
        return []
    owed = owed[np.argsort(index.terminal_of[owed], kind="stable")]
    terminal = index.terminal_of[owed]
    starts = np.flatnonzero(np.diff(terminal, prepend=-1))
    flags = np.unpackbits(np.bitwise_or.reduceat(missing[owed], starts, axis=0), axis=1, bitorder="little")
    firsts, lasts = flags.argmax(axis=1), flags.shape[1] - flags[:, ::-1].argmax(axis=1)
    ends = np.append(starts[1:], len(owed))
    return [
        Gap(int(index.terminals[terminal[start]]), owed[start:end], int(first), int(last))
        for start, end, first, last in zip(starts, ends, firsts, lasts, strict=True)
    ]


@dataclass(frozen=True)
class Asking:
    """What was last asked of a terminal for one item and day.

    Attributes:
        attempts: How often its gaps; one that never got to the meters does not count.
        next_at: When again [Unix s].
        last_slot: Up to which slot.
        has_reached: The last one got to the meters, or nobody knows that it did not.
    """

    attempts: int
    next_at: int
    last_slot: int
    has_reached: bool = True


def asking_for(gap: Gap, *, before: Asking | None, now_s: int) -> tuple[Gap, Asking] | None:
    """What to ask for now, and what to note about it; None to wait.

    New slots are asked for as they fall due; older gaps with growing patience, so that one dead meter costs little. While its
    terminal is away patience does not grow: nobody was asked.
    """
    if before is None or before.next_at <= now_s:
        attempts = before.attempts + before.has_reached if before else 1
        return gap, Asking(attempts, now_s + wait_s(attempts), gap.last_slot)
    if gap.last_slot <= before.last_slot:
        return None
    fresh = replace(gap, first_slot=max(gap.first_slot, before.last_slot))
    return fresh, replace(before, last_slot=gap.last_slot)


def reads_of(gap: Gap, *, index: ChannelIndex, schedule: Schedule, day: int, asking: Asking, now_s: int) -> list[Read]:
    """The reads that ask for a gap: one for its measuring points, and one for every few meters that are asked one by one."""
    points, addresses = index.point_of[gap.channels], index.address_of[gap.channels]
    numbers, meters = np.sort(points[points > 0]).tolist(), np.sort(addresses[points == 0]).tolist()
    parts: list[tuple[list[int], list[int]]] = [(numbers, [])] if numbers else []
    parts += [([], meters[first : first + METERS_MAX]) for first in range(0, len(meters), METERS_MAX)]
    is_again = asking.attempts > 1 and gap.first_slot < asking.last_slot
    return [
        Read(
            id=derived_id("read", str(schedule.item), str(day), str(gap.terminal), str(now_s), str(number)),
            terminal=gap.terminal,
            expires_at=(now_s + PATIENCE_S) * 1000,
            item=schedule.item,
            points=some_points,
            meters=some_meters,
            day=day,
            first_slot=gap.first_slot,
            last_slot=gap.last_slot,
            interval_s=schedule.interval_s,
            origin=RECOLLECTED if is_again else SCHEDULED,
        )
        for number, (some_points, some_meters) in enumerate(parts)
    ]


def rates_by_terminal(*, index: ChannelIndex, planned: Bits, collected: Bits, slots: int) -> Mapping[int, tuple[int, int]]:
    """(planned, collected) slots of each terminal, by the address of its link."""
    known = (planned[:, 0] != 0) & (index.terminal_of >= 0)
    terminal = index.terminal_of[known]
    size = len(index.terminals)
    filled = np.bincount(terminal, slots_per_channel(collected[known]), size)
    expected = np.bincount(terminal, minlength=size) * slots
    return {int(index.terminals[i]): (int(expected[i]), int(filled[i])) for i in np.flatnonzero(expected)}
