"""What exists: parties, places, usage points, agreements, devices, channels, installations, links."""

from metropool.facts.registry.registry import Registry
from metropool.facts.registry.tables import metadata

__all__ = ["Registry", "metadata"]
