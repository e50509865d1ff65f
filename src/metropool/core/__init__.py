"""Shared ground: quantities, money, periods, identifiers, clock, errors, texts. Imports nothing of ours above it."""
