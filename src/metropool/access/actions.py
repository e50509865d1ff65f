"""What actions are called: those that roles have, and those that the platform notes by itself."""

from metropool.access.rights import roles
from metropool.core.texts import LANGUAGES, Language, texts_of

ROOM = "metropool.access"
_KEY = "action."


def action_name(action: str) -> dict[Language, str]:
    """An action as people call it, in each language; one that nobody named (of a system that is newer) by its code."""
    return dict(texts_of(ROOM).get(_KEY + action) or dict.fromkeys(LANGUAGES, action))


def granted_actions() -> list[str]:
    """Every action that some role has, sorted."""
    return sorted({action for role in roles().values() for action in role.actions})
