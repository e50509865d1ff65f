"""The tables of the office in SQL."""
