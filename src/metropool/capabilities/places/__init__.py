"""Places and what can be set there: whose gateways may come in, and orders to their points."""
