"""Abilities that a plan can place on a system. No capability imports another; they meet by message."""
