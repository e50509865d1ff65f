"""The tables of points in SQL."""
