"""Requests of authorities, from the desk to whoever keeps the books and back, over the exchange."""
