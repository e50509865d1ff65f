"""One process at a time: a lock on a file that is let go when its holder ends, however it ends."""

import fcntl
from pathlib import Path
from typing import IO

from metropool.core.errors import Conflict


def hold(path: Path) -> IO[bytes]:
    """Hold a folder for us alone until what is returned is closed.

    Args:
        path: Lock file in the folder; made when it is not there.

    Raises:
        Conflict: Somebody else holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as cause:
        file.close()
        raise Conflict(f"{path.parent} is in use by another process: stop it first, or choose another METROPOOL_HOME") from cause
    return file
