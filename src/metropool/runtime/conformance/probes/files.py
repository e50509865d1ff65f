"""Files on disk: each system's folder and keys are its owner's alone, and no process was told where others keep theirs."""

import stat
from collections.abc import Iterator
from pathlib import Path

import nkeys

from metropool.runtime.conformance.probes.count import Probed
from metropool.runtime.conformance.town.town import Town
from metropool.runtime.demo.doors import DOOR_KEYS
from metropool.runtime.demo.setup import FIELD_KEYS

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def probe_files(town: Town, probed: Probed) -> None:
    """Look at every folder and every secret of a town as somebody else of the machine would."""
    for system in town.ports:
        folder = town.home / system
        kept = [folder, folder / "keys", *_secrets(folder)]
        leaked = [str(path.relative_to(town.home)) for path in kept if path.stat().st_mode & OTHERS]
        probed.refusals("files", kept, leaked, who=system)
        seed = (folder / "keys" / f"{system}.nk").read_text(encoding="ascii").strip()
        probed.control("files", system, passed=bool(nkeys.from_seed(seed.encode()).public_key))
    secrets = [town.home / name for name in ("logins.json", "residents.json", "first-secrets", FIELD_KEYS, DOOR_KEYS)]
    probed.refusals("files", secrets, [path.name for path in secrets if path.stat().st_mode & OTHERS], who="home")


def _secrets(folder: Path) -> Iterator[Path]:
    yield from (path for path in folder.rglob("*") if path.is_file() and (path.parent.name == "keys" or path.suffix == ".sqlite"))
