"""How fast, how small, how much memory: each number beside set-based SQL measured in the same run."""
