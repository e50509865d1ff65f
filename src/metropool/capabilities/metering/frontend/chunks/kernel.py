"""Compiled scanning of many links' bytes at once: each link's bytes are scanned alone, the frames found lie in one table."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from metropool.devices.gdw1376.kernel import FrameTable, scan
from metropool.devices.kernel import Bytes

Ints = NDArray[np.int64]


@njit(cache=True, nogil=True)
def scan_links(buffer: Bytes, bounds: Ints, table: FrameTable, link: Ints, used: Ints) -> int:
    """Find the frames of every link.

    Args:
        buffer: Bytes of all links, one after another.
        bounds: Link s has ``buffer[bounds[s]:bounds[s + 1]]``.
        table: Room for frames; offsets are into ``buffer``.
        link: Which link each frame is of.
        used: Shape (2, links): bytes treated of each link (the rest begins a frame that is not whole, or there was no room
            left), and those of them that belonged to no sound frame.

    Returns:
        Frames found.
    """
    count = 0
    for s in range(len(bounds) - 1):
        first, last = bounds[s], bounds[s + 1]
        part = FrameTable(
            table.offset[count:],
            table.length[count:],
            table.terminal[count:],
            table.control[count:],
            table.afn[count:],
            table.seq[count:],
            table.status[count:],
            table.unmapped[count:],
        )
        found, consumed, skipped = scan(buffer[first:last], part)
        for i in range(found):
            part.offset[i] += first
            link[count + i] = s
        used[0, s], used[1, s] = consumed, skipped
        count += found
    return count
