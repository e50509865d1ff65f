"""Adapters of sharing: all its SQL."""
