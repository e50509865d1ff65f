"""Swapped meters are found among many breaks of one instant, in bounded time and memory."""

import tracemalloc

import numpy as np
import pytest

from metropool.capabilities.metering.validation.flags import Findings, FlagClass
from metropool.capabilities.metering.validation.swaps import Breaks, find_swaps

AT = 1_782_835_200
MOST = 50


def breaks_of(before: list[int], after: list[int], *, at: list[int] | None = None, kind: list[int] | None = None) -> Breaks:
    size = len(before)
    return Breaks(
        channel=np.arange(1, size + 1, dtype=np.int32),
        at=np.array(at or [AT] * size, dtype=np.int64),
        before=np.array(before, dtype=np.int64),
        after=np.array(after, dtype=np.int64),
        most=np.full(size, MOST, dtype=np.int64),
        kind=np.array(kind or [7] * size, dtype=np.int32),
    )


def swapped(breaks: Breaks) -> list[int]:
    found = Findings()
    find_swaps(found, breaks)
    table = found.table()
    assert set(table["code"].to_pylist()) <= {int(FlagClass.SWAP)}
    return table["channel"].to_pylist()


class TestFindSwaps:
    def test_two_that_go_on_where_the_other_stood(self):
        assert swapped(breaks_of([1000, 90_000], [90_010, 1003])) == [1, 2]

    def test_only_both_ways_counts(self):
        assert swapped(breaks_of([1000, 90_000], [90_010, 5000])) == []

    def test_not_more_than_could_have_passed(self):
        assert swapped(breaks_of([1000, 90_000], [90_000 + MOST, 1000])) == [1, 2]
        assert swapped(breaks_of([1000, 90_000], [90_000 + MOST + 1, 1000])) == []

    def test_not_at_another_moment_nor_of_another_kind(self):
        assert swapped(breaks_of([1000, 90_000], [90_010, 1003], at=[AT, AT + 3600])) == []
        assert swapped(breaks_of([1000, 90_000], [90_010, 1003], kind=[7, 8])) == []

    def test_no_break_is_its_own_partner(self):
        assert swapped(breaks_of([1000], [1010])) == []

    def test_none_at_all(self):
        assert swapped(breaks_of([], [])) == []

    def test_agrees_with_trying_every_pair(self):
        draw = np.random.default_rng(5)
        for _ in range(20):
            size = int(draw.integers(2, 60))
            before, after = draw.integers(0, 400, size).tolist(), draw.integers(0, 400, size).tolist()
            at = (AT + draw.integers(0, 2, size) * 3600).tolist()
            fits = {
                a + 1
                for a in range(size)
                for b in range(size)
                if a != b and at[a] == at[b] and 0 <= after[a] - before[b] <= MOST and 0 <= after[b] - before[a] <= MOST
            }
            assert swapped(breaks_of(before, after, at=at)) == sorted(fits)


class TestMassBreak:
    """20,000 meters that break off at one instant, as after an outage of their concentrators."""

    SIZE = 20_000

    @pytest.mark.parametrize("spread", [2_000_000_000, 1])
    def test_is_bounded_and_still_finds_the_two(self, spread: int):
        draw = np.random.default_rng(29)
        before = draw.integers(0, spread, self.SIZE)
        after = np.zeros(self.SIZE, dtype=np.int64) if spread == 1 else draw.integers(0, spread, self.SIZE)
        after[[400, 17_000]] = before[[17_000, 400]] + 3
        tracemalloc.start()
        channels = swapped(breaks_of(before.tolist(), after.tolist()))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert {401, 17_001} <= set(channels)
        assert len(channels) <= self.SIZE
        assert peak < 64 << 20
