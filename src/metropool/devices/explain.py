"""``explain``: any frame of any protocol as JSON-able fields, and as lines for people. Behind ``metropool decode``."""

import json
from importlib import import_module

from metropool.core.errors import Invalid
from metropool.core.texts import Language, Sentence, say, texts_of
from metropool.devices.fields import Explained

ROOM = "metropool.devices"
PROTOCOLS = ("dlt645", "cjt188", "gdw1376")


def explain(protocol: str, frame: bytes) -> Explained:
    """Explain one frame, field by field.

    Args:
        protocol: ``dlt645``, ``cjt188`` or ``gdw1376``.
        frame: Exactly one frame, wake-up bytes FE before it allowed.

    Returns:
        What it says, by name (``addr``, ``ctrl``, ``di``, ``value``, ``unit`` ...), and under ``fields`` one entry per
        field: offset, bytes (hex), name, zh, en, value. Absent and undecodable values are None.

    Raises:
        Invalid: The frame must be refused; ``what`` is ``start``, ``length``, ``end`` or ``checksum``.
    """
    if protocol not in PROTOCOLS:
        raise Invalid.that(Sentence(ROOM, "no_protocol", {"name": protocol, "known": ", ".join(PROTOCOLS)}))
    found: Explained = import_module(f"metropool.devices.{protocol}.explain").explain_frame(frame)
    return found


def read_hex(text: str) -> bytes:
    """Bytes from hex as people paste it: upper or lower case, spaces, colons, dashes, ``0x`` allowed.

    Raises:
        Invalid: Not hex (``hex``).
    """
    plain = text.replace("0x", "").replace("0X", "")
    for mark in " \t\r\n:,-":
        plain = plain.replace(mark, "")
    try:
        return bytes.fromhex(plain)
    except ValueError as cause:
        raise Invalid("hex") from cause


def decode_text(*, protocol: str, text: str, as_json: bool, language: Language) -> str:
    """What ``metropool decode`` prints for a frame given as hex: one JSON object, or a line per field.

    Raises:
        Invalid: As ``explain`` and ``read_hex``; ``reason_text`` says why in words.
    """
    explained = explain(protocol, read_hex(text))
    if as_json:
        return json.dumps(explained, ensure_ascii=False)
    return "\n".join(field_lines(explained, language=language))


def reason_text(refusal: Invalid, *, language: Language) -> str:
    """Why a frame was refused, as a sentence."""
    known = refusal.what in texts_of(ROOM)
    return say(ROOM, refusal.what, language) if known else refusal.said(language)


def field_lines(explained: Explained, *, language: Language, depth: int = 0) -> list[str]:
    """The fields as lines ``offset  bytes  meaning = value``, inner frames indented."""
    lines = []
    entries = explained.get("fields", [])
    for entry in entries if isinstance(entries, list) else []:
        shown = entry["bytes"] if len(entry["bytes"]) <= 40 else entry["bytes"][:37] + "..."
        value = "" if entry["value"] == entry["bytes"] else f" = {entry['value']}"
        lines.append(f"{'  ' * depth}{entry['offset']:>5}  {shown:<40}  {entry[language]}{value}")
    inner = explained.get("inner_explained")
    return lines + (field_lines(inner, language=language, depth=depth + 1) if isinstance(inner, dict) else [])
