"""Units of work, lake, log, hash chain: how facts survive."""
