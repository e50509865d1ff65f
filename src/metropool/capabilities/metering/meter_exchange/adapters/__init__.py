"""Meter exchanges, in SQL."""
