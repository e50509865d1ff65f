"""Where the built site lies."""

from pathlib import Path


def site_folder() -> Path | None:
    """The built site; None when it was not built."""
    folder = Path(__file__).resolve().parents[1] / "portal" / "site"
    return folder if (folder / "index.html").exists() else None
