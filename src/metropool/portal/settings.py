"""What the portal is told when it is made; runtime reads the environment."""

from dataclasses import dataclass, field

from metropool.access import SessionRule
from metropool.core.identifiers import SystemId


@dataclass(frozen=True)
class PortalSettings:
    """How the portal behaves.

    Attributes:
        door: The system that vouches for people: its database keeps logins, sessions, grants and audit.
        sessions: How long sessions last, in business time; stretch it by the clock's speed in a demo.
        public_url: Address people reach the site at, for the pay link on bills; empty until known.
        body_limit: Largest request body [bytes]; ``letter_limit`` of one that software says something with.
        waits: Requests that wait for a change at one time.
        streams_a_session, streams: Open event streams, of one session and of all.
        heartbeat_s: Seconds of the machine between signs of life on an event stream.
        checks_at_once: Password checks at one time; each takes 64 MiB.
    """

    door: SystemId
    sessions: SessionRule = field(default_factory=SessionRule)
    public_url: str = ""
    body_limit: int = 256 * 1024
    letter_limit: int = 4 << 20
    waits: int = 64
    streams_a_session: int = 12
    streams: int = 2000
    heartbeat_s: float = 15.0
    checks_at_once: int = 2
