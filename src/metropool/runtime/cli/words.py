"""The language of the command line, known before its help is built."""

import os
import sys
from functools import cache

from metropool.core.errors import MetropoolError
from metropool.core.texts import Language, Sentence, say, texts_of

FAULTS_SHOWN = 20
ROOMS = {"plan": "metropool.plan", "conformance": "metropool.runtime.conformance"}


@cache
def language() -> Language:
    """``--lang`` when given, else ``METROPOOL_LANG``, else the locale: Chinese for zh, English otherwise."""
    given = taken_out(sys.argv[1:])[0]
    given = given or os.environ.get("METROPOOL_LANG", "") or os.environ.get("LC_ALL", "") or os.environ.get("LANG", "")
    return "zh" if given.lower().startswith("zh") else "en"


def taken_out(arguments: list[str]) -> tuple[str, list[str]]:
    """The language that ``--lang zh`` or ``--lang=zh`` gives, wherever it stands, and the other arguments; one without a language stays."""
    given, others = "", []
    rest = iter(arguments)
    for argument in rest:
        if argument.startswith("--lang="):
            given = argument.removeprefix("--lang=")
        elif argument == "--lang" and (following := next(rest, "")):
            given = following
        else:
            others.append(argument)
    return given, others


def fault_lines(fault: MetropoolError) -> list[str]:
    """A fault as lines: the sentence, and below it each single fault with its remedy."""
    listed = [
        f"  {each.where}: {_what(str(each.what))}" + (f": {each.remedy}" if each.remedy else "")
        for each in fault.faults_in(language())[:FAULTS_SHOWN]
    ]
    more = len(fault.faults) - len(listed)
    return [f"metropool: {_sentence(fault)}", *listed, *([f"  {word('more_rows', count=more)}"] if more else [])]


def _sentence(fault: MetropoolError) -> str:
    """What happened: in the words of a room that has some for the command line, else as the log would say it."""
    room, _, key = fault.key.partition(".")
    return say(ROOMS[room], key, language(), **fault.values) if room in ROOMS else fault.said(language())


def _what(text: str) -> str:
    """What is wrong with one thing; the portal and who has the right to it have the words of what has a key."""
    if text.startswith("fault."):
        return say("metropool.portal", text, language())
    room, _, key = text.partition(".")
    return say("metropool.access", key, language()) if room == "access" and key in texts_of("metropool.access") else text


def told(key: str, /, **values: object) -> Sentence:
    """A text of the command line, said in its language when it is shown."""
    return Sentence("metropool.runtime", key, values)


def word(key: str, **values: object) -> str:
    """A text of the command line in its language."""
    return say("metropool.runtime", key, language(), **values)
