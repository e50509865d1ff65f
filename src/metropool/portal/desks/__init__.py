"""Desks: what the portal's routes ask of capabilities, answered from one unit of work each."""
