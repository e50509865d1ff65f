"""Gateways of homes at the real broker: who comes in, what they may say, what outlives a kill, what becomes of orders."""
