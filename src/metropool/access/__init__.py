"""Who may do what to which, for what purpose, and who allowed it."""
