"""Results on stdout, or in the file that was asked for."""

import json
import sys
from pathlib import Path
from typing import Any

from metropool.core.errors import Unavailable
from metropool.runtime.cli.words import word


def print_json(value: Any) -> None:
    """Print a result as JSON on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n")


def write_file(path: Path, content: bytes) -> None:
    """Write what was asked for.

    Raises:
        Unavailable: It cannot be written there.
    """
    try:
        path.write_bytes(content)
    except OSError as cause:
        raise Unavailable(word("not_written", path=path, reason=cause.strerror)) from cause
