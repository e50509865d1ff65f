"""Desks of who announces and of who is told."""
