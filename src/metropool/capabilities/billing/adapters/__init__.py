"""The tables of billing and all its SQL."""
