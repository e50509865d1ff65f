"""Device numbers by the column; see ``addresses`` for what they hold."""

import numpy as np
from numpy.typing import NDArray

from metropool.devices.addresses import DIGITS_MASK, REGION_SHIFT, TAG_SHIFT, TERMINAL, TERMINAL_SHIFT

Devices = NDArray[np.uint64]
_TERMINAL_TAG = np.uint64(TERMINAL << TAG_SHIFT)


def pack_terminals(*, regions: Devices, terminals: Devices) -> Devices:
    """Device numbers of many 376.1 terminals, shape (N,); regions as four BCD digits (``0x1101``), of known terminals."""
    return _TERMINAL_TAG | regions << np.uint64(REGION_SHIFT) | terminals << np.uint64(TERMINAL_SHIFT)


def tags_of(devices: Devices) -> Devices:
    """The protocol tag of each device number, shape (N,)."""
    return devices >> np.uint64(TAG_SHIFT)


def numbers_of(devices: Devices) -> Devices:
    """The decimal address of each DL/T 645 or CJ/T 188 device number, shape (N,)."""
    return devices & np.uint64(DIGITS_MASK)
