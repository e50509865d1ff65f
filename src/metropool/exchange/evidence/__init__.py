"""Evidence of every exchange: what was said to whom, chained, salted, under signed roots, and provable to an outsider later."""

from metropool.exchange.evidence.book import Evidence
from metropool.exchange.evidence.objects import Anchor, PublicKey
from metropool.exchange.evidence.spoken import Listing, Spoken
from metropool.exchange.evidence.tables import metadata
from metropool.exchange.evidence.trail import Broken

__all__ = ["Anchor", "Broken", "Evidence", "Listing", "PublicKey", "Spoken", "metadata"]
