"""What a message looks like, for software that is not ours: JSON Schema and an example, from the class itself."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
import pyarrow as pa
import yaml

from metropool.exchange.messages import MESSAGES, ROWS, Message

KINDS: Mapping[str, type[Message]] = {kind.__name__: kind for kind in MESSAGES}
_SIMPLE: Mapping[str, Any] = {"string": "x", "integer": 1, "number": 1.5, "boolean": False}
_FORMATS: Mapping[str, Any] = {"date": "2026-11-01", "date-time": "2026-11-01T00:00:00Z"}


@cache
def schema_of(kind: type[Message]) -> dict[str, Any]:
    """JSON Schema (2020-12) of a message as it is read and said over the API; rows as objects."""

    def hook(given: type) -> dict[str, Any]:
        if given is pa.Table:
            return {"type": "array", "items": _row_schema(ROWS[kind])}
        raise NotImplementedError(given)

    found = msgspec.json.schema(kind, schema_hook=hook)
    parts: dict[str, Any] = dict(found["$defs"])
    whole: dict[str, Any] = dict(parts.pop(kind.__name__))
    whole["properties"] = {name: part for name, part in whole["properties"].items() if name != "type"}
    whole["required"] = [name for name in whole["required"] if name != "type"]
    whole |= {"title": kind.__name__, "additionalProperties": False}
    return {**whole, "$defs": parts} if parts else whole


@cache
def example_of(kind: type[Message]) -> dict[str, Any]:
    """One message of a class as it is said over the API: the one written for it, or one made of its types."""
    written = yaml.safe_load(files("metropool.exchange").joinpath("examples.yaml").read_text(encoding="utf-8"))
    if kind.__name__ in written:
        example: dict[str, Any] = written[kind.__name__]
        return example
    schema = schema_of(kind)
    return _named(schema["properties"], schema.get("$defs", {}))


def _row_schema(columns: pa.Schema) -> dict[str, Any]:
    properties = {column.name: _or_null(_column_schema(column.type)) for column in columns}
    return {"type": "object", "properties": properties, "required": columns.names, "additionalProperties": False}


def _column_schema(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_list(kind):
        return {"type": "array", "items": _or_null(_column_schema(kind.value_type))}
    if pa.types.is_date(kind):
        return {"type": "string", "format": "date"}
    if pa.types.is_timestamp(kind):
        return {"type": "string", "format": "date-time"}
    if pa.types.is_boolean(kind):
        return {"type": "boolean"}
    return {"type": "integer"} if pa.types.is_integer(kind) else {"type": "string"}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "type": [schema["type"], "null"]}


def _named(fields: Mapping[str, Any], parts: Mapping[str, Any]) -> dict[str, Any]:
    """A value of each field; what happens ``…_at`` an instant has one, whether its schema says so or not."""
    made = {name: _sample(field, parts) for name, field in fields.items()}
    instants = {name: _FORMATS["date-time"] for name, value in made.items() if name.endswith("_at") and isinstance(value, str)}
    return {**made, **instants}


def _sample(schema: Mapping[str, Any], parts: Mapping[str, Any]) -> Any:
    """A value of a schema: the first choice, the smallest list with something in it."""
    given = parts[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    given = given["anyOf"][0] if "anyOf" in given else given
    kind = given["type"][0] if isinstance(given.get("type"), list) else given.get("type")
    if "enum" in given:
        return given["enum"][0]
    if kind == "array":
        return [_sample(given["items"], parts)] if isinstance(given.get("items"), dict) and given["items"] else []
    if kind == "object":
        return _named(given.get("properties", {}), parts)
    return _FORMATS.get(given.get("format", ""), _SIMPLE.get(str(kind)))
