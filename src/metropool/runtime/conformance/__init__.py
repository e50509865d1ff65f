"""Conformance: every row of a plan driven end to end by separate processes, and everything that is not listed tried with real credentials."""
