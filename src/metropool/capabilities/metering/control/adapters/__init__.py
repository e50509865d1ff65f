"""The tables of control."""
