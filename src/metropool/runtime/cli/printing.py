"""Results on stdout, or in the file that was asked for."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metropool.core.errors import Unavailable
from metropool.runtime.cli.words import word

if TYPE_CHECKING:
    from rich.console import Console

STDOUT = Path("-")


def print_json(value: Any) -> None:
    """Print a result as JSON on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n")


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
