"""Abilities that a plan can place on a system."""
