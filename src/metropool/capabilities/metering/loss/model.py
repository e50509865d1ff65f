"""Line loss (线损) of supply areas on one business day. Pure: columns in, columns out; steps in ``docs/algorithms/loss.md``."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
COVERAGE_MIN = 0.98
"""Share of the meters of an area that must have the whole day: below it there is no rate, for what they sold is not known."""
ESTIMATED_MAX = 0.5
"""Share of what was supplied or sold that may be estimated."""
AREAS_MIN = 0.5
"""Share of the meters of several areas that must lie in areas with a rate, for the areas together to have one."""

POINTS = pa.schema(
    [
        pa.field("area", pa.int32(), nullable=False),
        pa.field("usage_point", pa.int32(), nullable=False),
        pa.field("is_supply", pa.bool_(), nullable=False),
        pa.field("gives_back", pa.bool_(), nullable=False),
    ]
)
"""What an area has on a day: where it is supplied and where it is sold; ``gives_back`` when the reverse direction is metered."""


class NoRate(IntEnum):
    """Why an area has no loss rate; KNOWN when it has one."""

    KNOWN = 0
    NO_SUPPLY_METER = 1
    SUPPLY_UNKNOWN = 2
    NOTHING_FED = 3
    TOO_FEW_METERS = 4
    TOO_MUCH_ESTIMATED = 5
    NOTHING_SUPPLIED = 6
    NOT_SEALED = 7


@dataclass(frozen=True)
class Total:
    """Loss of some areas together; amounts are of the areas that have a rate.

    Attributes:
        supplied, sold: Smallest units of the reading type.
        rate: Fraction of supplied; negative when more was sold than supplied; None where there is none, ``why`` says why.
        estimated_share: The greater of the estimated shares of supplied and of sold [0 to 1].
        meters, with_data: Meters sold through, in all areas, and those of them that have the whole day.
        areas, areas_known: Areas, and those of them that have a rate.
    """

    supplied: int
    sold: int
    rate: float | None
    estimated_share: float
    meters: int
    with_data: int
    areas: int
    areas_known: int
    why: NoRate

    @property
    def lost(self) -> int:
        """Supplied less sold."""
        return self.supplied - self.sold

    @property
    def is_whole(self) -> bool:
        """Nothing is missing from it."""
        return self.with_data == self.meters and self.areas_known == self.areas


@dataclass(frozen=True)
class LineLoss:
    """Loss of N areas (线损), shape (N,) each; amounts in smallest units of the reading type, of the meters with data.

    Attributes:
        supplied, sold: What came in and what went to customers; each with what goes the other way.
        supplied_estimated, sold_estimated: Parts of them that are estimated.
        meters, with_data: Meters sold through, and those with the whole day.
        why: ``NoRate``.
    """

    supplied: Ints
    sold: Ints
    supplied_estimated: Ints
    sold_estimated: Ints
    meters: Ints
    with_data: Ints
    why: Ints

    @property
    def rate(self) -> NDArray[np.float64]:
        """Loss rate (线损率), fraction of supplied; never clipped, NaN where there is none."""
        known = self.why == NoRate.KNOWN
        rate = np.full(self.supplied.size, np.nan)
        rate[known] = (self.supplied[known] - self.sold[known]) / self.supplied[known]
        return rate

    def total(self, chosen: Ints) -> Total:
        """Loss of the chosen areas together."""
        why = self.why[chosen]
        known = chosen[why == NoRate.KNOWN]
        meters, known_meters = int(self.meters[chosen].sum()), int(self.meters[known].sum())
        supplied, sold = int(self.supplied[known].sum()), int(self.sold[known].sum())
        has_rate = known.size > 0 and known_meters >= AREAS_MIN * meters
        shares = [
            int(part[known].sum()) / whole
            for part, whole in ((self.supplied_estimated, supplied), (self.sold_estimated, sold))
            if whole > 0
        ]
        return Total(
            supplied=supplied,
            sold=sold,
            rate=(supplied - sold) / supplied if has_rate else None,
            estimated_share=max(shares, default=0.0),
            meters=meters,
            with_data=int(self.with_data[chosen].sum()),
            areas=chosen.size,
            areas_known=known.size,
            why=NoRate.KNOWN if has_rate else self._main_reason(chosen),
        )

    def _main_reason(self, chosen: Ints) -> NoRate:
        """Why most of the meters lie in areas without a rate."""
        if not chosen.size:
            return NoRate.NO_SUPPLY_METER
        weights = np.bincount(self.why[chosen], self.meters[chosen] + 1)
        weights[NoRate.KNOWN] = 0
        return NoRate(int(weights.argmax()))


def line_loss(*, points: pa.Table, amounts: pa.Table, areas: int) -> LineLoss:
    """Compute the loss of supply areas (台区线损, 产销差, 输差) on one business day.

    Args:
        points: ``POINTS`` valid on the day; a point that is there twice counts once.
        amounts: ``AMOUNTS`` of the day, one row a usage point and direction.
        areas: How many areas there are.

    Energy that customers give back is supplied to the area, and energy that leaves it at the supply meter is sold by it. The
    reverse direction counts as soon as anything went that way; then every point where it is metered must know it.
    """
    points = points.group_by(["area", "usage_point"]).aggregate([("is_supply", "max"), ("gives_back", "max")])
    area, point = (points[name].to_numpy().astype(np.int64) for name in ("area", "usage_point"))
    is_supply, gives_back = (np.asarray(points[name], dtype=np.bool_) for name in ("is_supply_max", "gives_back_max"))
    forward, reverse = _of_points(amounts, point, is_reverse=False), _of_points(amounts, point, is_reverse=True)
    goes_back = np.bincount(area, reverse.amount != 0, areas) > 0
    known = forward.known & (reverse.known | ~(goes_back[area] & gives_back))

    def summed(of_supply: Ints, of_sold: Ints, chosen: Bools = known) -> Ints:
        return _sums(area, np.where(is_supply, of_supply, of_sold), chosen, areas)

    supplied, sold = summed(forward.amount, reverse.amount), summed(reverse.amount, forward.amount)
    estimated = summed(forward.estimated, reverse.estimated), summed(reverse.estimated, forward.estimated)
    ones = np.ones(area.size, np.int64)
    meters, with_data = _sums(area, ones, ~is_supply, areas), _sums(area, ones, ~is_supply & known, areas)
    checks = {
        NoRate.NO_SUPPLY_METER: _sums(area, ones, is_supply, areas) == 0,
        NoRate.SUPPLY_UNKNOWN: _sums(area, ones, is_supply & ~known, areas) > 0,
        NoRate.NOTHING_FED: meters == 0,
        NoRate.TOO_FEW_METERS: with_data < COVERAGE_MIN * meters,
        NoRate.NOTHING_SUPPLIED: supplied <= 0,
        NoRate.TOO_MUCH_ESTIMATED: (estimated[0] > ESTIMATED_MAX * supplied) | (estimated[1] > ESTIMATED_MAX * sold),
    }
    why = np.select(list(checks.values()), [int(reason) for reason in checks], int(NoRate.KNOWN))
    return LineLoss(supplied, sold, *estimated, meters, with_data, why.astype(np.int64))


@dataclass(frozen=True)
class _Given:
    """What is known of each point in one direction, shape (points,); amounts are 0 where nothing is."""

    known: Bools
    amount: Ints
    estimated: Ints


def _of_points(amounts: pa.Table, point: Ints, *, is_reverse: bool) -> _Given:
    rows = amounts.filter(pc.and_(pc.equal(amounts["is_reverse"], is_reverse), amounts["amount"].is_valid()))
    rows = rows.sort_by("usage_point")
    held = rows["usage_point"].to_numpy().astype(np.int64)
    if not held.size:
        nothing = np.zeros(point.size, np.int64)
        return _Given(np.zeros(point.size, np.bool_), nothing, nothing)
    place = np.minimum(np.searchsorted(held, point), held.size - 1)
    known = held[place] == point
    amount, estimated = (rows[name].to_numpy()[place] * known for name in ("amount", "estimated"))
    return _Given(known, amount, estimated)


def _sums(area: Ints, amount: Ints, chosen: Bools, areas: int) -> Ints:
    """Exact sums by area."""
    found = np.zeros(areas, np.int64)
    np.add.at(found, area[chosen], amount[chosen])
    return found
