"""Meter exchange (换表): one meter taken out, another put in its place, with the registers of both at that instant."""
