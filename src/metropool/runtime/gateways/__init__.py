"""Gateways at the broker: who lets them in and puts them out, how they are heard and told."""
