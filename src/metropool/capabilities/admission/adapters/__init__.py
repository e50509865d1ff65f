"""Admission's tables."""
