"""Sealing: the readings of a closed business day become interval blocks, versioned, and are told to whoever the plan lists."""
