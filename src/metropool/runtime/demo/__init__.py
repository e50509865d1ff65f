"""A small city on embedded defaults: set up once, every part a real process."""
