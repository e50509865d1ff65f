"""Compiled loops over columns: no object per reading."""

import numpy as np
import numpy.typing as npt


def fixed(column: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """A column as every kernel takes it: 64 bits, contiguous, read only; one type, so that each kernel is compiled once."""
    view = np.ascontiguousarray(column, dtype=np.int64).view()
    view.flags.writeable = False
    return view
