"""Compiled loops over columns: no object per reading."""

from pathlib import Path

import numpy as np
import numpy.typing as npt


def is_compiled() -> bool:
    """Whether the loops were compiled on this machine before; the first time takes up to a minute."""
    return any((Path(__file__).parent / "__pycache__").glob("*.nbi"))


def fixed(column: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """A column as every kernel takes it: 64 bits, contiguous, read only; one type, so that each kernel is compiled once."""
    view = np.ascontiguousarray(column, dtype=np.int64).view()
    view.flags.writeable = False
    return view
