"""Metropool: one advanced-metering system run together by a city's utilities, residents and government."""

__version__ = "0.1.0"
