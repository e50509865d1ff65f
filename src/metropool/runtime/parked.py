"""The desk of parked letters: what a system could not take in, in words, and what people do with it."""

import traceback
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from sqlalchemy import RowMapping, func, select

from metropool.access import Access
from metropool.core.errors import Conflict, MetropoolError, NotFound
from metropool.core.identifiers import SystemId
from metropool.core.texts import texts_of
from metropool.exchange.outbox import inbox
from metropool.plan.compiled import Compiled
from metropool.portal.desks.paging import page_of
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas.basics import Page, Text
from metropool.portal.schemas.parked import ParkedCause, ParkedLetter, ParkedState
from metropool.runtime import intake
from metropool.runtime.node import Node
from metropool.runtime.work import Work

log = structlog.get_logger()
TOPIC = "parked"
OUTCOMES: Mapping[ParkedState, str] = {"parked": "parked", "replayed": "done", "discarded": "discarded"}
SIGNS: tuple[tuple[str, ParkedCause], ...] = (
    ("a fault of ours", "fault"),
    (" of the batch ", "batch"),
    (" is known here", "unknown_version"),
    ("more than a message may have", "oversize"),
    ("not an envelope", "malformed"),
    ("the body is no", "malformed"),
    ("not what a gateway says", "malformed"),
    ("a gateway says no", "unknown_version"),
    ("the columns are", "malformed"),
    ("there are rows with", "malformed"),
    ("the envelope names", "not_vouched"),
    ("speaks in the name of", "not_vouched"),
    (" begins with ", "not_vouched"),
    ("nothing hosted on", "nobody"),
)
"""What a noted reason says, and what kind of thing it is; in this order."""


class ParkedDesk:
    """Parked letters of the system of one unit of work.

    Args:
        nodes: Those of this process.
        compiled: The running plan: it names systems and phrases.
    """

    def __init__(self, work: Work, *, nodes: Mapping[SystemId, Node], compiled: Compiled) -> None:
        self._work, self._node = work, nodes[work.system]
        self._systems = {name: facts.title for name, facts in {**compiled.whole.systems, **compiled.systems}.items()}
        self._messages = compiled.whole.messages

    def parked(self, *, state: ParkedState, asked: Asked) -> Page[ParkedLetter]:
        """Letters in a state, the newest first."""
        query = _LETTERS.where(inbox.c.outcome == OUTCOMES[state]).order_by(inbox.c.heard_at.desc())
        rows = [self._told(row) for row in self._work.context.connection.execute(query).mappings()]
        return page_of(rows, asked, as_of=self._work.now)

    def replay(self, *, letter: str) -> ParkedLetter:
        """Operation: take a letter in like one that just came.

        Raises:
            NotFound: No letter of this id is parked.
            Conflict: It still cannot be taken in; says why.
        """
        topics = _or_why_not(letter, lambda: intake.replay(self._node, self._work.context, letter))
        self._work.topics.extend([*topics, TOPIC])
        return self._one(letter)

    def discard(self, *, letter: str, reason: str, by: str) -> ParkedLetter:
        """Operation: give a letter up.

        Raises:
            NotFound: No letter of this id is parked.
        """
        intake.discard(self._work.context, letter)
        details = {"reason": reason}
        Access(self._work.context).audit.note(actor=by, action="letters.discard", on=letter, outcome="done", details=details)
        self._work.topics.append(TOPIC)
        return self._one(letter)

    def _one(self, letter: str) -> ParkedLetter:
        return self._told(self._work.context.connection.execute(_LETTERS.where(inbox.c.id == letter)).mappings().one())

    def _told(self, row: RowMapping) -> ParkedLetter:
        state = next(state for state, outcome in OUTCOMES.items() if outcome == row["outcome"])
        cause = cause_of(row["reason"])
        words = {"cause_text": _words(f"parked_cause_{cause}"), "state_text": _words(f"parked_state_{state}")}
        names = {
            "sender_name": _named(self._systems.get(row["sender"]), row["sender"]),
            "name": _named(self._messages.get(row["phrase"]), row["phrase"]),
        }
        plain = {name: row[name] for name in ("id", "heard_at", "sender", "phrase", "bytes", "reason")}
        return ParkedLetter.model_validate({**plain, **names, **words, "cause": cause, "state": state})


def cause_of(reason: str) -> ParkedCause:
    """What kind of thing a noted reason tells of."""
    return next((cause for sign, cause in SIGNS if sign in reason), "refused")


def _or_why_not(letter: str, replay: Callable[[], list[str]]) -> list[str]:
    try:
        return replay()
    except NotFound as gone:
        if gone.key == "exchange.not_parked":
            raise
        why = str(gone)
    except MetropoolError as refusal:
        why = str(refusal)
    except Exception as fault:
        log.error("a fault of ours", letter=letter, fault="".join(traceback.format_exception(fault)))
        why = f"a fault of ours: {type(fault).__name__}"
    raise Conflict(f"letter {letter} still cannot be taken in: {why}", key="exchange.still_parked", values={"reason": why})


def _words(key: str) -> Text:
    found = texts_of("metropool.runtime")[key]
    return Text(zh=found["zh"], en=found["en"])


def _named(title: Any, otherwise: str) -> Text:
    return Text(zh=title.zh, en=title.en) if title else Text(zh=otherwise, en=otherwise)


_LETTERS = select(
    *(inbox.c.id, inbox.c.phrase, inbox.c.sender, inbox.c.heard_at, inbox.c.outcome, inbox.c.reason),
    func.length(inbox.c.bytes).label("bytes"),
).where(inbox.c.reason.is_not(None))
