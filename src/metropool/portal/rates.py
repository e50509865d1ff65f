"""How often machines may ask: a bucket a key that fills with time, in memory."""

from collections import OrderedDict
from dataclasses import dataclass, field

from metropool.access import Locked
from metropool.core.clock import monotonic_s

MOST_KEYS = 4096


@dataclass
class Rates:
    """Requests of each key.

    Attributes:
        per_s: How many a second in the long run.
        burst: How many at once after a pause.
    """

    per_s: float = 50.0
    burst: float = 200.0
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, key: str) -> None:
        """Count one request.

        Raises:
            Locked: There were too many.
        """
        now = monotonic_s()
        left, at = self._left.pop(key, (self.burst, now))
        left = min(self.burst, left + (now - at) * self.per_s)
        self._left[key] = (max(0.0, left - 1.0), now)
        if len(self._left) > MOST_KEYS:
            self._left.popitem(last=False)
        if left < 1.0:
            raise Locked("too many requests", key="access.too_often", retry_after_s=1)
