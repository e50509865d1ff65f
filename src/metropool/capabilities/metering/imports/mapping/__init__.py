"""Mappings: what a file's columns mean, as data. Those shipped lie in ``shipped/``; anybody may write one more."""
