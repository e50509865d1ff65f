"""Swapped meters (户表串户): two channels that go on, at the same moment, where the other one stood."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from metropool.capabilities.metering.validation.flags import Findings, FlagClass

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Breaks:
    """Where registers broke off, shape (breaks,) each.

    Attributes:
        before, after: Register on either side of the break.
        most: Most the register could have moved meanwhile.
        kind: Only channels of one kind can be swapped.
    """

    channel: npt.NDArray[np.int32]
    at: Ints
    before: Ints
    after: Ints
    most: Ints
    kind: npt.NDArray[np.int32]


def find_swaps(found: Findings, breaks: Breaks) -> None:
    """Flag both channels of each swap."""
    frame = pl.DataFrame(vars(breaks))
    pairs = frame.join(frame, on=["at", "kind"], suffix="_b").filter(
        (pl.col("channel") != pl.col("channel_b"))
        & (pl.col("after") - pl.col("before_b")).is_between(0, pl.col("most_b"))
        & (pl.col("after_b") - pl.col("before")).is_between(0, pl.col("most"))
    )
    found.add(
        FlagClass.SWAP,
        channel=pairs["channel"].to_numpy(),
        from_at=pairs["at"].to_numpy(),
        amount=pairs["after"].to_numpy(),
    )
