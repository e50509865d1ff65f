"""Adapters of inquiries: all its SQL."""
