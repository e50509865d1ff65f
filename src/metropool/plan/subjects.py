"""On which subjects of the broker systems speak: what begins with the receiver is kept in its inbox."""

from metropool.plan.schema import Letter

INSTANCE = "main"


def subject_of(letter: Letter) -> str:
    """The one subject a letter travels on: ``<receiver>.<instance>.<message>.<sender>.<instance>``."""
    return f"{letter.receiver}.{INSTANCE}.{letter.message}.{letter.sender}.{INSTANCE}"


def beat_of(sender: str, receiver: str) -> str:
    """The one subject on which a system tells one it says letters to that it is there; nothing keeps it."""
    return f"alive.{receiver}.{sender}"
