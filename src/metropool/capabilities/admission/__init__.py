"""Admission: which gateways and devices there are, and by which credential each comes in."""
