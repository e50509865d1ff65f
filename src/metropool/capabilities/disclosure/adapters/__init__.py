"""Adapters of disclosure: all its SQL."""
