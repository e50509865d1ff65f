"""A small town that a plan runs in: each system a process of its own, and those who look at it from outside."""
