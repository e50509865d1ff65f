"""The tables of a door in SQL."""
