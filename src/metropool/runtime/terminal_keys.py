"""Keys of terminals as settings: where the front end's key file and its master key lie, and how keys are handed to terminals."""

import json
import secrets
from collections.abc import Sequence
from pathlib import Path

from metropool.capabilities.metering.frontend.sealed.key_file import DrawnKey, TerminalKeyFile
from metropool.core.errors import Invalid, NotFound
from metropool.core.identifiers import SystemId
from metropool.devices.addresses import unpack
from metropool.devices.sealed.greeting import KEY
from metropool.plan.compiled import Compiled
from metropool.runtime.settings import Settings
from metropool.storage.disk import write_durably, write_once

FILE, MASTER = "terminals.keys", "terminals.master"


def open_terminal_keys(settings: Settings, system: str) -> TerminalKeyFile:
    """The key file of a system's front end; its master key is drawn at the first call.

    Raises:
        Invalid: The master key is no key, or the file is broken.
    """
    path = settings.folder(system) / "keys" / FILE
    return TerminalKeyFile(path, master=_master(settings, system), random=secrets.token_bytes)


def front_end_system(compiled: Compiled) -> SystemId:
    """The system that hears terminals.

    Raises:
        NotFound: The plan places metering nowhere.
    """
    found = next((name for name in compiled.nodes() if "metering" in compiled.systems[name].hosts), None)
    if found is None:
        raise NotFound(f"the plan {compiled.plan} places metering nowhere")
    return found


def hand_over(drawn: Sequence[DrawnKey], *, to: Path) -> None:
    """Write keys down for the bench where they are put into their terminals; a newer key of a terminal takes the older one's place.

    The file is readable by its owner alone and should be removed once the terminals have their keys.

    Raises:
        Invalid: There is a file of that name, and it is none of this kind.
    """
    try:
        before = json.loads(to.read_text(encoding="utf-8")) if to.exists() else []
        rows = {row["address"]: row for row in before}
    except (ValueError, KeyError, TypeError) as cause:
        raise Invalid(f"{to} is no file of terminals' keys: {cause!r}") from cause
    for key in drawn:
        who = unpack(key.terminal)
        told = {"protocol": who.protocol, "address": who.address, "name": key.name.hex(), "number": key.number}
        rows[who.address] = told | {"key": key.key.hex()}
    write_durably(to, json.dumps(list(rows.values()), indent=1))


def _master(settings: Settings, system: str) -> bytes:
    path = settings.terminal_master or settings.folder(system) / "keys" / MASTER
    if not path.exists():
        write_once(path, secrets.token_bytes(KEY))
    master = path.read_bytes()
    if len(master) != KEY:
        raise Invalid(f"{path} is no master key: {KEY} bytes are needed, it has {len(master)}; take it from the backup")
    return master
