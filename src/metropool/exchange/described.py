"""What a message looks like, for software that is not ours: JSON Schema and an example, from the class itself."""

from collections.abc import Mapping, Set
from functools import cache
from importlib.resources import files
from inspect import cleandoc
from typing import Any

import msgspec
import pyarrow as pa
import yaml

from metropool.exchange.messages import MESSAGES, NEEDED, ROWS, Message

KINDS: Mapping[str, type[Message]] = {kind.__name__: kind for kind in MESSAGES}


@cache
def schema_of(kind: type[Message]) -> dict[str, Any]:
    """JSON Schema (2020-12) of a message as it is read and said over the API; rows as objects."""

    def hook(given: type) -> dict[str, Any]:
        if given is pa.Table:
            return {"type": "array", "items": _row_schema(ROWS[kind], NEEDED.get(kind, frozenset()))}
        raise NotImplementedError(given)

    found = msgspec.json.schema(kind, schema_hook=hook)
    parts = {name: _unindented(part) for name, part in found["$defs"].items()}
    whole = parts.pop(kind.__name__)
    whole["properties"] = {name: part for name, part in whole["properties"].items() if name != "type"}
    whole["required"] = [name for name in whole["required"] if name != "type"]
    whole |= {"title": kind.__name__, "additionalProperties": False}
    return {**whole, "$defs": parts} if parts else whole


@cache
def example_of(kind: type[Message]) -> dict[str, Any]:
    """One message of a class as it is said over the API."""
    written = yaml.safe_load(files("metropool.exchange").joinpath("examples.yaml").read_text(encoding="utf-8"))
    example: dict[str, Any] = written[kind.__name__]
    return example


def _unindented(part: dict[str, Any]) -> dict[str, Any]:
    """With its description as it is read: how far a docstring is indented differs between versions of Python."""
    return {**part, "description": cleandoc(part["description"])} if "description" in part else dict(part)


def _row_schema(columns: pa.Schema, needed: Set[str]) -> dict[str, Any]:
    schemas = {column.name: _column_schema(column.type) for column in columns}
    properties = {name: schema if name in needed else _or_null(schema) for name, schema in schemas.items()}
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
    return _integer_schema(kind) if pa.types.is_integer(kind) else {"type": "string"}


def _integer_schema(kind: pa.DataType) -> dict[str, Any]:
    """Whole numbers within the bounds of their column."""
    bits, is_signed = kind.bit_width, pa.types.is_signed_integer(kind)
    least, most = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if is_signed else (0, 2**bits - 1)
    return {"type": "integer", "minimum": least, "maximum": most}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "type": [schema["type"], "null"]}
