"""Devices and outside parties of a small city that speak the real protocols; shares no code with metropool."""
