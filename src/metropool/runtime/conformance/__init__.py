"""Conformance: every row of a plan driven end to end by separate processes; all that is not listed tried with real keys."""
