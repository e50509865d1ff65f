"""A plan as an AsyncAPI document: every channel between nodes, who may say what on it under which rows, and how messages look. Pure."""

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from metropool.exchange.described import KINDS, example_of, schema_of
from metropool.exchange.envelope import MAX_BYTES, Part
from metropool.exchange.parts import MOST_PARTS
from metropool.exchange.ways import Way
from metropool.plan.carriers import medium_of
from metropool.plan.compiled import Compiled, Outline
from metropool.plan.schema import Letter
from metropool.plan.subjects import subject_of

ASYNCAPI = "3.0.0"
DEFINED, PLACE = "$defs", "#/components/schemas/"
"""Where a JSON Schema of its own has what it refers to, and where the document has it."""
ABOUT = (
    "Letters between the systems of this plan, over NATS JetStream. A channel is a subject <receiver>.main.<phrase>.<sender>.main; only "
    "its sender may publish to it, as a request that the receiver's inbox stream answers with its receipt. The payload is an envelope in "
    "msgpack (docs/integrators.md) whose body is the message: shown here as the HTTP API tells and takes it, rows as objects; on the wire "
    "they are an Arrow stream. What is larger than x-largest-bytes goes in several letters, each with a part (components/schemas/Part) in "
    "its envelope. What is not listed is refused by the broker. Under x-otherwise is what runs and is no "
    "letter: operations over HTTP (docs/api.md; of an outside party, its own), classes over MQTT with gateways, frames of terminals. "
    "Under x-not-built is what the contract gives this plan and is refused until it is built; its classes are there already."
)

PART = (
    "Which part of a batch a letter is; it takes effect without the others all the same. batch: the same in all parts; number: from 1 to "
    f"of; of: at most {MOST_PARTS}; whole: SHA-256 over the 32-byte SHA-256 of the body of each part in order, in hexadecimal, empty "
    "where it is not known yet; less: something of this part was held back after the batch was told, so whole is not of what comes."
)


def describe(compiled: Compiled) -> dict[str, Any]:
    """The document of a plan, the same for the same plan."""
    ways = {_subject(way): way for found in compiled.ways.values() for way in found if way.kind in KINDS}
    running = compiled.running
    unbuilt = [(row, letter) for row, letter in compiled.whole.said if letter not in compiled.allowed or row not in compiled.rows]
    kinds = {compiled.whole.messages[letter.message].carried_by for _, letter in compiled.whole.said} & set(KINDS)
    return {
        "asyncapi": ASYNCAPI,
        "info": {"title": f"Metropool: {compiled.title.en}", "version": "1", "description": ABOUT},
        "defaultContentType": "application/msgpack",
        "channels": {subject: _channel(subject, way) for subject, way in sorted(ways.items())},
        "operations": {f"{subject}.send": _operation(subject, way) for subject, way in sorted(ways.items())},
        "x-otherwise": [_otherwise(running, row, letter) for row, letter in running.said if _medium(running, letter) != "letter"],
        "x-not-built": [_listed(row, letter) | {"as": _carrier(compiled, letter)} for row, letter in unbuilt],
        "components": {
            "messages": {kind: _message(compiled, kind) for kind in sorted(kinds)},
            "schemas": {"Part": _part(), **_schemas(kinds)},
        },
    }


def as_text(compiled: Compiled) -> str:
    """The same as JSON to keep."""
    return json.dumps(describe(compiled), ensure_ascii=False, indent=1) + "\n"


def _subject(way: Way) -> str:
    return subject_of(Letter(way.sender, way.phrase, way.receiver))


def _medium(running: Outline, letter: Letter) -> str:
    return medium_of(running.systems[letter.sender], running.systems[letter.receiver])


def _otherwise(running: Outline, row: str, letter: Letter) -> dict[str, Any]:
    """What travels as no letter: by which operation over HTTP, over MQTT as which class, or in which frames."""
    entry, medium = running.messages[letter.message], _medium(running, letter)
    by = {"http": [*entry.http, *entry.calls], "frames": entry.frames}.get(medium, entry.carried_by)
    return _listed(row, letter) | {"by": medium, "as": by}


def _listed(row: str, letter: Letter) -> dict[str, Any]:
    return {"from": letter.sender, "phrase": letter.message, "to": letter.receiver, "row": row}


def _carrier(compiled: Compiled, letter: Letter) -> str | list[str]:
    """What will carry a message: its class, frames, or operations."""
    entry = compiled.whole.messages[letter.message]
    return entry.carried_by or entry.frames or [*entry.http, *entry.calls]


def _channel(subject: str, way: Way) -> dict[str, Any]:
    return {
        "address": subject,
        "title": f"{way.name_en} ({way.name_zh})",
        "messages": {way.kind: {"$ref": f"#/components/messages/{way.kind}"}},
        "x-rows": list(way.rows),
        "x-only": [dict(where) for where in way.wheres if where],
        "x-begins-with": sorted(way.speakers),
        "x-personal": way.personal,
    }


def _operation(subject: str, way: Way) -> dict[str, Any]:
    passed = " as it came, with where it began" if way.is_passed_on else ""
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{subject}"},
        "summary": f"{way.sender} tells {way.receiver} {way.phrase}{passed}",
    }


def _part() -> dict[str, Any]:
    """The schema of what an envelope says of a batch."""
    _, found = msgspec.json.schema_components((Part,), ref_template=PLACE + "{name}")
    part: dict[str, Any] = found[Part.__name__]
    bounds = {name: {**part["properties"][name], "minimum": 1, "maximum": MOST_PARTS} for name in ("number", "of")}
    return {**part, "description": PART, "properties": {**part["properties"], **bounds}}


def _schemas(kinds: Iterable[str]) -> dict[str, Any]:
    """What messages are made of, by name."""
    return {name: _placed(part) for kind in sorted(kinds) for name, part in schema_of(KINDS[kind]).get(DEFINED, {}).items()}


def _placed(schema: Any) -> Any:
    """A schema as a part of the document: what it refers to stands under its components, not in the schema itself."""
    if isinstance(schema, list):
        return [_placed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: value.replace(f"#/{DEFINED}/", PLACE) if name == "$ref" and isinstance(value, str) else _placed(value)
        for name, value in schema.items()
    }


def _message(compiled: Compiled, kind: str) -> dict[str, Any]:
    message, entries = KINDS[kind], compiled.whole.messages.items()
    return {
        "name": kind,
        "summary": (message.__doc__ or "").strip().splitlines()[0],
        "x-version": message.version,
        "x-phrases": {name: {"zh": entry.zh, "en": entry.en} for name, entry in entries if entry.carried_by == kind},
        "x-largest-bytes": MAX_BYTES,
        "payload": _placed({name: part for name, part in schema_of(message).items() if name != DEFINED}),
        "examples": [{"payload": example_of(message)}],
    }
