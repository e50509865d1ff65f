"""Where what was heard is kept."""
