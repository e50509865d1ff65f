"""Results on stdout, or in the file that was asked for."""

import codecs
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metropool.core.errors import Unavailable
from metropool.runtime.cli.words import word

if TYPE_CHECKING:
    from rich.console import Console

STDOUT = Path("-")


def number_what_cannot_be_said() -> None:
    """Where stdout's encoding lacks a character, its number is printed (``\\u5e27``), which JSON reads as the character."""
    codecs.register_error("numbered", _numbered)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="numbered")


def _numbered(cause: UnicodeError) -> tuple[str, int]:
    if not isinstance(cause, UnicodeEncodeError):
        raise cause
    return json.dumps(cause.object[cause.start : cause.end])[1:-1], cause.end


def print_json(value: Any) -> None:
    """Print a result as JSON on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n")


def tell_written(path: Path) -> None:
    """Say that a file was written; of stdout nothing is said."""
    if path != STDOUT:
        sys.stderr.write(word("written", path=path) + "\n")


def text_console() -> "Console":
    """Where tables go: names and values in them are text, whatever brackets they have."""
    from rich.console import Console

    return Console(markup=False, emoji=False)


def write_file(path: Path, content: bytes) -> None:
    """Write what was asked for, to stdout where the path is ``-``.

    Raises:
        Unavailable: It cannot be written there.
    """
    if path == STDOUT:
        sys.stdout.buffer.write(content)
        return
    try:
        path.write_bytes(content)
    except OSError as cause:
        raise Unavailable(word("not_written", path=path, reason=cause.strerror)) from cause
