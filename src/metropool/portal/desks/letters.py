"""The desk of a door: letters as JSON or Arrow, what may be said and heard, what software says."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from metropool.capabilities.door import operations, queries
from metropool.capabilities.door.model import HeardView, KeptLetter, Said, SaidPart
from metropool.capabilities.door.ports import DoorWork
from metropool.core.errors import Fault, Invalid, NotFound
from metropool.exchange.described import KINDS, example_of, schema_of
from metropool.exchange.envelope import Part, open_envelope
from metropool.exchange.messages import ROWS, Message, own_name
from metropool.exchange.plain import message_from, plain
from metropool.exchange.streams import Bounds, read_stream
from metropool.exchange.ways import Way
from metropool.portal.desks.books.view_words import asked_words, provision_row
from metropool.portal.desks.words import Parties
from metropool.portal.schemas import letters as schema
from metropool.portal.schemas.basics import Text

SAID = Bounds(rows=1_000_000, bytes=64 << 20)
"""Of one request, whose body has at most 4 MiB; it is told in as many letters as it needs."""


class DoorDesk:
    """Letters at a door, in one unit of work."""

    def __init__(self, work: DoorWork) -> None:
        self._work = work
        self._parties = Parties(work.registry)
        self._names = {way.phrase: Text(zh=way.name_zh, en=way.name_en) for way in work.ways}

    def letters(self, *, after: int, limit: int, form: schema.LetterForm) -> schema.Letters:
        """Letters after a number, in order."""
        found = queries.letters_after(work=self._work, after=after, limit=limit)
        mark = self._work.letters.mark()
        return schema.Letters(
            as_of=self._work.now,
            letters=[self._told(kept, form) for kept in found],
            last=found[-1].number if found else after,
            acknowledged=mark.acknowledged,
            unread=mark.unread,
        )

    def letter(self, *, number: int, form: schema.LetterForm) -> schema.LetterTold:
        """One letter."""
        return self._told(queries.letter(work=self._work, number=number), form)

    def rows(self, *, number: int) -> bytes:
        """The rows of a letter as an Arrow stream."""
        message = open_envelope(queries.letter(work=self._work, number=number).envelope)
        table: pa.Table | None = getattr(message, "rows", None)
        if table is None:
            raise NotFound(f"letter {number} has no rows", key="door.no_rows_here")
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        stream: bytes = sink.getvalue().to_pybytes()
        return stream

    def views(self, *, limit: int) -> schema.Views:
        """Requests to look into what the software keeps, the newest first, each with what was given of it."""
        found = self._work.views.newest(limit=limit)
        return schema.Views(as_of=self._work.now, views=[self._view(known) for known in found])

    def phrases(self) -> schema.Phrases:
        """What the running plan lets this system say and hear."""
        says, hears = queries.may_say(work=self._work), queries.may_hear(work=self._work)
        return schema.Phrases(
            system=self._work.system,
            party=self._work.party,
            says=_phrases(says, {way: way.receiver for way in says}, own=self._own),
            hears=_phrases(hears, {way: way.sender for way in hears}, own=lambda _: {}),
        )

    def _own(self, kind: type[Message]) -> Mapping[str, str]:
        return own_name(kind, system=self._work.system, party=self._work.party)

    def read(self, *, phrase: str, body: bytes, arrow: bool, fields: str) -> Message:
        """The message that a request brings.

        Raises:
            Forbidden: The plan does not list the phrase.
            Invalid: It is no message of the phrase's class; with every fault.
        """
        kind = KINDS[operations.need_listed(work=self._work, phrase=phrase)]
        if not arrow:
            return message_from(kind, _object(body))
        if kind not in ROWS:
            raise Invalid(f"a {kind.__name__} has no rows", key="door.no_rows_here")
        return message_from(kind, _object(fields.encode() or b"{}"), table=_table(body))

    def say(self, *, phrase: str, message: Message, given: schema.SayGiven) -> schema.Said:
        """Operation: say it, once a key."""
        its = None if given.part is None else _said_part(given.part, given.request)
        how = {"key": given.key, "by": given.by, "approved_by": given.approved_by}
        return _said(operations.say(work=self._work, phrase=phrase, message=message, part=its, **how))

    def said(self, *, phrase: str, key: str) -> schema.Said:
        """What became of what was said under a key."""
        found = self._work.letters.said(phrase=phrase, key=key)
        if found is None:
            raise NotFound(f"nothing was said under {key}")
        said = found[1]
        return _said(Said(phrase=phrase, key=key, letters=self._work.letters.delivered(said.letters), is_repeat=True))

    def acknowledge(self, *, through: int) -> schema.Acknowledged:
        """Operation: note how far letters were read."""
        mark = operations.acknowledge(work=self._work, through=through)
        return schema.Acknowledged(acknowledged=mark.acknowledged, unread=mark.unread)

    def _view(self, known: HeardView) -> schema.ViewTold:
        asked = known.asked
        given = self._work.provisions.of_request(asked.request, receiver=asked.asker)
        same = {name: getattr(asked, name) for name in ("asker", "party", "requested_by", "reason", "legal_basis", "community")}
        stands = {
            name: getattr(known, name) for name in ("state", "heard_at", "decided_by", "approved_by", "decided_at", "expires_at")
        }
        return schema.ViewTold.model_validate(
            {
                **asked_words(asked),
                **same,
                **stands,
                "id": asked.request,
                "party_name": self._parties.name(asked.party),
                "decision_reason": known.reason,
                "given": [provision_row(one, self._parties) for one in given],
            }
        )

    def _told(self, kept: KeptLetter, form: schema.LetterForm) -> schema.LetterTold:
        envelope = kept.envelope
        message = open_envelope(envelope)
        rows: pa.Table | None = getattr(message, "rows", None)
        return schema.LetterTold(
            number=kept.number,
            id=envelope.id,
            phrase=envelope.phrase,
            name=self._names.get(envelope.phrase, Text(zh=envelope.phrase, en=envelope.phrase)),
            kind=envelope.kind,
            version=envelope.version,
            sender=envelope.sender,
            speaker=envelope.speaker,
            said_at=envelope.at,
            heard_at=kept.heard_at,
            part=None if envelope.part is None else _part(envelope.part),
            row_count=0 if rows is None else rows.num_rows,
            message=plain(message, form=form),
        )


def _part(part: Part) -> schema.LetterPart:
    return schema.LetterPart(batch=part.batch, part=part.number, parts=part.of, whole=part.whole or None, is_less=part.less)


def _said_part(part: schema.PartGiven, request: str) -> SaidPart:
    return SaidPart(batch=part.batch, number=part.part, of=part.parts, whole=part.whole, request=request)


def _phrases(
    ways: Sequence[Way], partners: Mapping[Way, str], *, own: Callable[[type[Message]], Mapping[str, str]]
) -> list[schema.PhraseTold]:
    """Each phrase once, with everyone it goes to or comes from; those whose class is built."""
    named: dict[str, list[Way]] = {}
    for way in ways:
        if way.kind in KINDS:
            named.setdefault(way.phrase, []).append(way)
    return [_phrase(found, [partners[way] for way in found], own(KINDS[found[0].kind])) for found in named.values()]


def _phrase(ways: Sequence[Way], partners: Sequence[str], own: Mapping[str, str]) -> schema.PhraseTold:
    first, kind = ways[0], KINDS[ways[0].kind]
    return schema.PhraseTold(
        phrase=first.phrase,
        name=Text(zh=first.name_zh, en=first.name_en),
        kind=first.kind,
        version=kind.version,
        partners=list(partners),
        rows=sorted({row for way in ways for row in way.rows}),
        only=[dict(where) for where in first.wheres if where],
        personal=first.personal,
        json_schema=schema_of(kind),
        example=_example(kind, first.wheres[0] if first.wheres else {}, own),
    )


def _example(kind: type[Message], where: Mapping[str, str], own: Mapping[str, str]) -> dict[str, Any]:
    """The example of a class, of what may be spoken of this way and in the name of who says it, so that it can be said as it is."""
    told = {**where, **own}
    example = {name: told.get(name, value) for name, value in example_of(kind).items()}
    if "rows" in example:
        example["rows"] = [{name: where.get(name, value) for name, value in row.items()} for row in example["rows"]]
    return example


def _said(said: Said) -> schema.Said:
    letters = [
        schema.SaidLetter(id=one.id, receiver=one.receiver, sent_at=one.sent_at, position=one.position) for one in said.letters
    ]
    return schema.Said(phrase=said.phrase, key=said.key, is_repeat=said.is_repeat, letters=letters)


def _object(text: bytes) -> Mapping[str, Any]:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as cause:
        raise Invalid("the body is no JSON", key="door.not_json") from cause
    if not isinstance(given, dict):
        raise Invalid("the body is no JSON object", key="door.not_json")
    return given


def _table(body: bytes) -> pa.Table:
    try:
        return read_stream(body, SAID)
    except Invalid as cause:
        raise Invalid("the body is no Arrow stream", key="door.not_arrow", faults=[Fault("body", str(cause))]) from cause
