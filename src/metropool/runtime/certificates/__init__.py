"""The city's own certificates for its machines: who makes them, and what a machine trusts."""
