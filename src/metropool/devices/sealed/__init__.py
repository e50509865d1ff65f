"""Sealed frames between terminal and front end: hello, answer, frames. Our own format; no I/O, no clock, randomness passed in."""
