"""The tables of notices in SQL."""
