"""A message as plain JSON, rows as objects or as columns, and back: how software that is not ours reads and says messages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
import pyarrow as pa

from metropool.core.errors import Fault, Invalid
from metropool.core.misfits import misfit_said
from metropool.core.periods import in_utc
from metropool.exchange.messages import ROWS, Message, check_rows

Form = Literal["rows", "columns"]
_REFUSED = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, TypeError, ValueError)


def plain(message: Message, *, form: Form = "rows") -> dict[str, Any]:
    """A message in JSON's own types: instants and dates as ISO 8601, rows as objects or as one list a column."""
    fields = {name: getattr(message, name) for name in message.__struct_fields__}
    rows: pa.Table | None = fields.get("rows")
    if rows is not None:
        fields["rows"] = rows.to_pylist() if form == "rows" else rows.to_pydict()
    told: dict[str, Any] = msgspec.to_builtins(fields)
    return told


def message_from(kind: type[Message], given: Mapping[str, Any], *, table: pa.Table | None = None) -> Message:
    """Read a message.

    Args:
        kind: Its class.
        given: Its fields; ``rows`` as a list of objects, or as lists by column.
        table: Its rows where they came as columns of Arrow.

    Raises:
        Invalid: With every fault found.
    """
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    faults = [Fault(name, "exchange.unknown_field") for name in given if name not in fields]
    made: dict[str, Any] = {}
    for name, field in fields.items():
        if name == "rows":
            made[name] = table if table is not None else _table(kind, given.get(name), faults)
        elif name not in given:
            faults += [] if not field.required else [Fault(name, "exchange.missing_field")]
        else:
            made[name] = _value(name, given[name], field.type, faults)
    if faults:
        raise Invalid(f"this is no {kind.__name__}", key="exchange.no_message", values={"kind": kind.__name__}, faults=faults)
    message = kind(**made)
    check_rows(message)
    return message


def _value(name: str, value: Any, wanted: Any, faults: list[Fault]) -> Any:
    try:
        made = msgspec.convert(value, wanted)
        return in_utc(made) if isinstance(made, datetime) else made
    except msgspec.ValidationError as cause:
        faults.append(Fault(name, misfit_said(str(cause).partition(" - at ")[0])))
        return None
    except ValueError as cause:
        faults.append(Fault(name, f"{cause}"))
        return None


def _table(kind: type[Message], given: Any, faults: list[Fault]) -> pa.Table | None:
    schema = ROWS[kind]
    columns = _columns(schema.names, given, faults)
    if columns is None:
        return None
    arrays = {field.name: _array(field, columns[field.name], faults) for field in schema if field.name in columns}
    made = [array for array in arrays.values() if array is not None]
    if len(made) < len(schema):
        return None
    if len({len(array) for array in made}) > 1:
        faults.append(Fault("rows", "exchange.columns_uneven"))
        return None
    return pa.Table.from_arrays(made, schema=schema)


def _columns(names: Sequence[str], given: Any, faults: list[Fault]) -> Mapping[str, Any] | None:
    """The rows by column, whichever way they were given."""
    if isinstance(given, list) and all(isinstance(row, dict) for row in given):
        known = {name for row in given for name in row} if given else names
        columns = {name: [row.get(name) for row in given] for name in known}
    elif isinstance(given, dict) and all(isinstance(values, list) for values in given.values()):
        columns = given
    else:
        faults.append(Fault("rows", "exchange.no_rows"))
        return None
    faults += [Fault(f"rows.{name}", "exchange.unknown_field") for name in sorted(set(columns) - set(names))]
    faults += [Fault(f"rows.{name}", "exchange.missing_field") for name in names if name not in columns]
    return columns


def _array(field: pa.Field, values: Sequence[Any], faults: list[Fault]) -> pa.Array | None:
    """Values as the column wants them: dates and instants are given as text; nothing is turned into another type in silence."""
    try:
        given = pa.array(values)
        if _is_of(given.type, field.type):
            return given.cast(field.type)
        raise TypeError(f"{given.type} is no {field.type}")
    except _REFUSED:
        faults.append(Fault(f"rows.{field.name}", "exchange.column_type"))
        return None


def _is_of(given: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether values as JSON has them are what a column wants: a text is no number, half a thing no whole one."""
    if pa.types.is_null(given):
        return True
    if pa.types.is_list(wanted):
        return bool(pa.types.is_list(given)) and _is_of(given.value_type, wanted.value_type)
    if pa.types.is_integer(wanted) or pa.types.is_boolean(wanted):
        return bool(pa.types.is_integer(given)) if pa.types.is_integer(wanted) else bool(pa.types.is_boolean(given))
    return bool(pa.types.is_string(given))
