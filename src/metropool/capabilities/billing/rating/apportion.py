"""Step ``apportion``: share a whole over weights so that the parts sum to it exactly.

Part k is round_half_up(whole x (w1+…+wk) / W) minus the same for k-1: no part is off by one unit or more, equal inputs give
equal parts, and the sum telescopes to the whole. The register is the law: intervals only say how it falls on the periods.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metropool.core.errors import Invalid

_SAFE = 1 << 61


def apportion(whole: int, weights: Sequence[int]) -> list[int]:
    """Share ``whole`` (0 or more, smallest units) over weights (0 or more); all in the last part when no weight is above 0.

    Raises:
        Invalid: The whole or a weight is negative.
    """
    if whole < 0 or any(weight < 0 for weight in weights):
        raise Invalid(f"nothing negative can be apportioned: {whole} over {list(weights)}")
    if not any(weights):
        return [0] * (len(weights) - 1) + [whole] if weights else []
    total = sum(weights)
    edges, running = [0], 0
    for weight in weights:
        running += weight
        edges.append((2 * whole * running + total) // (2 * total))
    return [after - before for before, after in pairwise(edges)]


def apportion_columns(whole: NDArray[np.int64], weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """Share each whole, shape (N,), over its weights, shape (N, K); the same parts as ``apportion``, shape (N, K).

    Exact for any int64: rows whose products would not fit are worked in unbounded integers.

    Raises:
        Invalid: A whole or a weight is negative.
    """
    if (whole < 0).any() or (weights < 0).any():
        raise Invalid("nothing negative can be apportioned")
    if weights.shape[1] == 0:
        return np.zeros(weights.shape, np.int64)
    bound = whole.astype(np.float64) * weights.sum(axis=1, dtype=np.float64)
    wide = (bound >= _SAFE / 2) | (weights.sum(axis=1, dtype=np.float64) >= _SAFE)
    if not wide.any():
        return _apportion(whole, weights).astype(np.int64)
    parts = np.empty(weights.shape, np.int64)
    parts[~wide] = _apportion(whole[~wide], weights[~wide])
    parts[wide] = _apportion(whole[wide].astype(object), weights[wide].astype(object)).astype(np.int64)
    return parts


def _apportion(whole: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    running = np.cumsum(weights, axis=1)
    total = running[:, -1:]
    nothing = (total == 0)[:, 0]
    divisor = np.where(total == 0, total + 1, total)
    edges = (2 * whole[:, None] * running + divisor) // (2 * divisor)
    edges[nothing, :-1] = 0
    edges[nothing, -1] = whole[nothing]
    parts: NDArray[Any] = edges.copy()
    parts[:, 1:] -= edges[:, :-1]
    return parts
