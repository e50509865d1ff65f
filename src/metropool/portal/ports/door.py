"""What the portal asks of a door: letters for a system's own software, and what it says."""

from typing import Any, Protocol

from metropool.portal.schemas.letters import Acknowledged, LetterForm, Letters, LetterTold, Phrases, Said, SayGiven, Views


class DoorDesk(Protocol):
    """Letters of a system whose work is done by software that is not ours."""

    def letters(self, *, after: int, limit: int, form: LetterForm) -> Letters: ...

    def letter(self, *, number: int, form: LetterForm) -> LetterTold: ...

    def rows(self, *, number: int) -> bytes:
        """The rows of a letter as an Arrow stream; ``NotFound`` where its class has none."""
        ...

    def views(self, *, limit: int) -> Views: ...

    def phrases(self) -> Phrases: ...

    def read(self, *, phrase: str, body: bytes, arrow: bool, fields: str) -> Any:
        """The message that a request brings; ``Forbidden`` where the plan does not list the phrase, ``Invalid`` with every fault."""
        ...

    def say(self, *, phrase: str, message: Any, given: SayGiven) -> Said:
        """Operation: say it, once a key."""
        ...

    def said(self, *, phrase: str, key: str) -> Said: ...

    def acknowledge(self, *, through: int) -> Acknowledged:
        """Operation: note how far letters were read."""
        ...
