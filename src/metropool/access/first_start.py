"""The first start: administrators with random secrets, written once to a file only its owner can read. Never a default."""

from collections.abc import Mapping
from pathlib import Path

from metropool.access.access import Access
from metropool.access.passwords import Passwords
from metropool.access.rights import EVERYTHING
from metropool.core.identifiers import IdSource
from metropool.storage.disk import write_once

FILE = "first-secrets"
FIRST: Mapping[str, tuple[str, str]] = {
    "admin": ("administrator", "System administrator"),
    "security": ("security_administrator", "Security administrator"),
    "auditor": ("auditor", "Auditor"),
}


def first_secrets(*, home: Path, ids: IdSource) -> dict[str, str]:
    """The secrets of the first logins: read from ``home/first-secrets``, or drawn and written there with mode 0600.

    The file is written before the logins are made, so a crash between the two loses nothing.
    """
    file = home / FILE
    if not file.exists():
        write_once(file, "".join(f"{login} {ids.fresh_id()}\n" for login in FIRST))
    return dict(line.split(" ", 1) for line in file.read_text(encoding="utf-8").splitlines())


def make_first_logins(access: Access, *, secrets: Mapping[str, str], passwords: Passwords) -> list[str]:
    """Make the first administrators, each to change the password at the first sign-in; returns those that were new."""
    made = []
    for login, (role, name) in FIRST.items():
        kept = passwords.hash(secrets[login])
        if access.logins.add_login(login_name=login, name=name, password_hash=kept, by="first start", must_change_password=True):
            access.logins.give_role(login_name=login, role=role, scope=EVERYTHING, purpose="first start", by="first start")
            made.append(login)
    return made
