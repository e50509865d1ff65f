"""What happened at devices: end-device events."""

from metropool.facts.events.events import EndDeviceEvent, Events
from metropool.facts.events.tables import metadata

__all__ = ["EndDeviceEvent", "Events", "metadata"]
