"""SQLite files of others, read beside whoever writes them and never written."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any


def ask(file: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of a file as it stands; none where there is no file yet."""
    if not file.exists():
        return []
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10.0)) as database:
        return database.execute(query, values).fetchall()
