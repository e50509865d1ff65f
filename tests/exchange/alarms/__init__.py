"""Abnormal use and faults over areas."""
