"""Desks of a resident's home: households, usage, what is in the home."""
