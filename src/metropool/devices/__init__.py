"""Protocols and catalog: bytes into values and back. No I/O."""
