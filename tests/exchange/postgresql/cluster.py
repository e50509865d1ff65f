"""A PostgreSQL server for one run of tests, on a free port of the loopback interface; its files are gone afterwards."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from metropool.runtime.ports import free_port

OWNER = "postgres"


def binaries() -> Path | None:
    """Folder of ``initdb`` and ``pg_ctl``: the newest of Debian's, else that of the PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    found = debian[-1] if debian else shutil.which("initdb")
    return Path(found).parent if found else None


def why_not() -> str:
    """Why there can be no PostgreSQL here; empty when there can."""
    if binaries() is None:
        return "PostgreSQL is not installed"
    if os.geteuid() == 0 and OWNER not in {row.pw_name for row in pwd.getpwall()}:
        return "PostgreSQL does not run as root, and there is no user postgres"
    return ""


@contextmanager
def cluster() -> Iterator[str]:
    """A running server; its address for ``METROPOOL_DATABASE``."""
    folder, port, tools = Path(tempfile.mkdtemp(prefix="metropool-pg-")), free_port(), binaries()
    assert tools is not None
    if os.geteuid() == 0:
        shutil.chown(folder, OWNER)
    data = folder / "data"
    try:
        _run([tools / "initdb", "-D", data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"])
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        _run([tools / "pg_ctl", "-D", data, "-l", folder / "log", "-o", options, "-w", "start"])
        try:
            yield f"postgresql+psycopg://{OWNER}@127.0.0.1:{port}/postgres"
        finally:
            _run([tools / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: Sequence[str | Path]) -> None:
    """Run as a user that the server may run as."""
    user = OWNER if os.geteuid() == 0 else None
    words, groups = [str(word) for word in command], [] if user else None
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    done = subprocess.run(words, check=False, user=user, group=user, extra_groups=groups, cwd="/", **quiet)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
