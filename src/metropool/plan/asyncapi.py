"""A plan as an AsyncAPI document: every channel between nodes, who may say what on it under which rows, and how messages look. Pure."""

import json
from typing import Any

from metropool.exchange.described import KINDS, example_of, schema_of
from metropool.exchange.envelope import MAX_BYTES
from metropool.exchange.ways import Way
from metropool.plan.carriers import medium_of
from metropool.plan.compiled import Compiled
from metropool.plan.schema import Letter
from metropool.plan.subjects import subject_of

ASYNCAPI = "3.0.0"
ABOUT = (
    "Letters between the systems of this plan, over NATS JetStream. A channel is a subject <receiver>.main.<phrase>.<sender>.main; only "
    "its sender may publish to it, as a request that the receiver's inbox stream answers with its receipt. The payload is an envelope in "
    "msgpack (docs/integrators.md) whose body is the message: shown here as the HTTP API tells and takes it, rows as objects; on the wire "
    "they are an Arrow stream. What is not listed is refused by the broker. Under x-otherwise is what runs and is no "
    "letter: operations over HTTP (docs/api.md; of an outside party, its own), classes over MQTT with gateways, frames of terminals."
)


def describe(compiled: Compiled) -> dict[str, Any]:
    """The document of a plan, the same for the same plan."""
    ways = {_subject(way): way for found in compiled.ways.values() for way in found if way.kind in KINDS}
    kinds = sorted({way.kind for way in ways.values()})
    return {
        "asyncapi": ASYNCAPI,
        "info": {"title": f"Metropool: {compiled.title.en}", "version": "1", "description": ABOUT},
        "defaultContentType": "application/msgpack",
        "channels": {subject: _channel(subject, way) for subject, way in sorted(ways.items())},
        "operations": {f"{subject}.send": _operation(subject, way) for subject, way in sorted(ways.items())},
        "x-otherwise": [
            _otherwise(compiled, row, letter) for row, letter in compiled.running.said if not _is_letter(compiled, letter)
        ],
        "components": {"messages": {kind: _message(kind) for kind in kinds}},
    }


def as_text(compiled: Compiled) -> str:
    """The same as JSON to keep."""
    return json.dumps(describe(compiled), ensure_ascii=False, indent=1) + "\n"


def _subject(way: Way) -> str:
    return subject_of(Letter(way.sender, way.phrase, way.receiver))


def _is_letter(compiled: Compiled, letter: Letter) -> bool:
    systems = compiled.running.systems
    return medium_of(systems[letter.sender], systems[letter.receiver]) == "letter"


def _otherwise(compiled: Compiled, row: str, letter: Letter) -> dict[str, Any]:
    """What travels as no letter: by which operation over HTTP, over MQTT as which class, or in which frames."""
    systems, entry = compiled.running.systems, compiled.running.messages[letter.message]
    medium = medium_of(systems[letter.sender], systems[letter.receiver])
    by = {"http": [*entry.http, *entry.calls], "frames": entry.frames}.get(medium, entry.carried_by)
    return {"from": letter.sender, "phrase": letter.message, "to": letter.receiver, "row": row, "by": medium, "as": by}


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


def _message(kind: str) -> dict[str, Any]:
    message = KINDS[kind]
    return {
        "name": kind,
        "summary": (message.__doc__ or "").strip().splitlines()[0],
        "x-version": message.version,
        "x-largest-bytes": MAX_BYTES,
        "payload": schema_of(message),
        "examples": [{"payload": example_of(message)}],
    }
