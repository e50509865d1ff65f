"""What the front end itself has to tell: who is connected, who was refused, who shares an address. Bounded, and told in turn."""

from dataclasses import dataclass, field
from typing import Literal

from metropool.capabilities.metering.frontend.sealed.refusals import Refusals
from metropool.capabilities.metering.frontend.tasks import Contact, DeviceEvent

EVENTS_MAX = 10_000
REFUSALS_MAX = 4096
REFUSED_EVERY_MS = 3_600_000
State = Literal["online", "offline", "quarantined"]


@dataclass
class Notices:
    """Collected until somebody takes them.

    Attributes:
        dropped: Events there was no room for.
        refusals: What was not taken from sealed links.
    """

    dropped: int = 0
    refusals: Refusals = field(default_factory=Refusals)
    _contacts: dict[int, Contact] = field(default_factory=dict)
    _changed: set[int] = field(default_factory=set)
    _events: list[DeviceEvent] = field(default_factory=list)
    _refused_at: dict[tuple[int, str], int] = field(default_factory=dict)

    def contact(self, device: int, state: State, at_ms: int, *, detail: str = "") -> None:
        """A terminal came, went, or was shut out."""
        self._contacts[device] = Contact(terminal=device, state=state, since=at_ms, last_heard_at=at_ms, detail=detail)
        self._changed.add(device)

    def heard(self, device: int, at_ms: int) -> None:
        """A terminal gave a sign of life."""
        known = self._contacts.get(device)
        if known is not None:
            self._contacts[device] = Contact(
                terminal=device, state=known.state, since=known.since, last_heard_at=at_ms, detail=known.detail
            )
            self._changed.add(device)

    def gone(self, device: int, at_ms: int) -> None:
        """A terminal that was there is no longer connected; when it was last heard stays."""
        known = self._contacts.get(device)
        if known is not None and known.state == "online":
            self._contacts[device] = Contact(
                terminal=device, state="offline", since=at_ms, last_heard_at=known.last_heard_at, detail=known.detail
            )
            self._changed.add(device)

    def refused(self, key: int, why: str, peer: str, at_ms: int) -> None:
        """A login was refused; told once an hour for each address and reason."""
        before = self._refused_at.get((key, why))
        if before is not None and at_ms - before < REFUSED_EVERY_MS:
            return
        if len(self._refused_at) >= REFUSALS_MAX:
            self._refused_at.clear()
        self._refused_at[key, why] = at_ms
        device = 1 << 60 | (key >> 16) << 32 | (key & 0xFFFF) << 16
        self._add(DeviceEvent(device=device, code=f"login_{why}", at=at_ms // 1000, received_at=at_ms, detail={"peer": peer}))

    def conflict(self, device: int, peers: list[str], at_ms: int) -> None:
        """Two terminals have one address."""
        self.contact(device, "quarantined", at_ms, detail=" ".join(peers))
        detail: dict[str, str | int | None] = {f"peer_{i}": peer for i, peer in enumerate(peers, 1)}
        self._add(DeviceEvent(device=device, code="address_conflict", at=at_ms // 1000, received_at=at_ms, detail=detail))

    def take_events(self) -> list[DeviceEvent]:
        """Events not yet told."""
        taken, self._events = self._events, []
        return taken

    def take_contacts(self) -> list[Contact]:
        """Contacts that changed since they were last taken."""
        changed, self._changed = self._changed, set()
        return [self._contacts[device] for device in sorted(changed)]

    def all_contacts(self) -> list[Contact]:
        """How every terminal stands that was ever heard."""
        return [self._contacts[device] for device in sorted(self._contacts)]

    def _add(self, event: DeviceEvent) -> None:
        if len(self._events) >= EVENTS_MAX:
            self.dropped += 1
            return
        self._events.append(event)
