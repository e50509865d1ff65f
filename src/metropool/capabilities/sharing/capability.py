"""Sharing as a plan can place it: what it shares goes on by the rows of the plan (``runtime/passing.py``); here is who may look at that."""

from metropool.exchange.capability import Capability

SHARING = Capability(name="sharing")
