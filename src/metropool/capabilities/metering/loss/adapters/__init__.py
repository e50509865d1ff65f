"""Loss over SQL."""
