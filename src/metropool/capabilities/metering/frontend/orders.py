"""Orders that were begun: a copy of one, however it came here, is not carried out again while it could be."""

from metropool.capabilities.metering.frontend.tasks import Order

MOST = 100_000


class Orders:
    """Ids of orders until they expire; after that their expiry refuses them."""

    def __init__(self) -> None:
        self._until: dict[str, int] = {}

    def begin(self, order: Order, *, now_ms: int) -> bool:
        """Note an order as begun; False when it was begun before, or more are open than anybody gives."""
        if len(self._until) >= MOST:
            self._until = {id: expires_at for id, expires_at in self._until.items() if expires_at > now_ms}
        if order.id in self._until or len(self._until) >= MOST:
            return False
        self._until[order.id] = order.expires_at
        return True
