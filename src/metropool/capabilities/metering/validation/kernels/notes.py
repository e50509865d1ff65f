"""Notes of the compiled loops: a table that grows, a row each: code of ``flags.FlagClass``, first row, last row, amount."""

import numpy as np
import numpy.typing as npt
from numba import njit

Ints = npt.NDArray[np.int64]
Note = tuple[int, int, int, int]

BACKWARD, ROLLOVER, RESET, SPIKE, SCALE_CHANGE, STANDSTILL, CATCH_UP, STUCK = 4, 5, 6, 7, 8, 9, 10, 11
IMPUTED, JUMP, ZEROED, NOT_IN_USE = 14, 18, 22, 23


@njit(cache=True)
def note(notes: Ints, written: Note) -> Ints:
    """Write down (code, first row, last row, amount); row 0 holds the number of notes, the table doubles when full."""
    used = notes[0, 0] + 1
    if used == notes.shape[0]:
        wider = np.empty((2 * used, 4), dtype=np.int64)
        wider[:used] = notes
        notes = wider
    notes[used] = written
    notes[0, 0] = used
    return notes


@njit(cache=True)
def no_notes() -> Ints:
    """An empty table of notes."""
    return np.zeros((64, 4), dtype=np.int64)
