"""Plans in towns of separate processes: what runs works, what is not listed is refused, and a fault is seen as one."""
