"""Places and what can be set there: orders to their points."""
