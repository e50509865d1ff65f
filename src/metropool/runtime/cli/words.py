"""The language of the command line, known before its help is built."""

import os
import sys
from functools import cache

from metropool.core.texts import Language, say


@cache
def language() -> Language:
    """``--lang`` when given, else ``METROPOOL_LANG``, else the locale: Chinese for zh, English otherwise."""
    arguments = sys.argv[1:]
    given = next((arguments[i + 1] for i, word in enumerate(arguments[:-1]) if word == "--lang"), "")
    given = given or os.environ.get("METROPOOL_LANG", "") or os.environ.get("LC_ALL", "") or os.environ.get("LANG", "")
    return "zh" if given.lower().startswith("zh") else "en"


def word(key: str, **values: object) -> str:
    """A text of the command line in its language."""
    return say("metropool.runtime", key, language(), **values)
