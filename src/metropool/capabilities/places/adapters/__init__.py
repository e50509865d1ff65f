"""The tables of places in SQL."""
