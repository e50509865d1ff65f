"""Sealed frames between terminal and front end: hello, answer, frames, reports. Our own format; no I/O, no clock, randomness passed in."""
