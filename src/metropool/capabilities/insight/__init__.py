"""What usage means to those who use: a household's own curves, totals and comparisons, from the host's own books."""
