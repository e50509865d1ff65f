"""Small files that must not be lost are whole and on disk, name and all, when their writer goes on."""

import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

import metropool
from metropool.access.first_start import first_secrets
from metropool.core.errors import Unavailable
from metropool.core.identifiers import SeededIds
from metropool.runtime.broker import seed_of
from metropool.runtime.channels import merchant_key, public_hex
from metropool.runtime.demo.setup import write_channels
from metropool.runtime.demo.state import DemoState
from metropool.storage.disk import write_durably, write_once

SOURCE = Path(metropool.__file__).parent


class Recorder:
    """What was synced and named, in order."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.said: list[tuple[str, str]] = []
        fsync, rename, link, mkdir = os.fsync, os.replace, os.link, os.mkdir
        patch.setattr(os, "fsync", lambda fd: (self.note("sync", Path(f"/proc/self/fd/{fd}").readlink()), fsync(fd))[1])
        patch.setattr(os, "replace", lambda a, b, **_: (self.note("name", b), rename(a, b))[1])
        patch.setattr(os, "link", lambda a, b, **_: (self.note("name", b), link(a, b))[1])
        patch.setattr(os, "mkdir", lambda a, *mode, **_: (self.note("make", a), mkdir(a, *mode))[1])

    def note(self, what: str, path: object) -> None:
        self.said.append((what, str(path)))

    def survives(self, path: Path) -> bool:
        """Its bytes were synced before it got its name, then its folder, and each folder that was made in the one above it."""
        named = max(place for place, said in enumerate(self.said) if said == ("name", str(path)))
        bytes_first = any(what == "sync" and name.startswith(f"{path}.") for what, name in self.said[:named])
        made = [Path(name) for what, name in self.said if what == "make"]
        return bytes_first and all(("sync", str(folder)) in self.said for folder in (path.parent, *(one.parent for one in made)))


WRITERS = {
    "metering/keys/metering.nk": lambda home: seed_of(home, account="metering", user="metering"),
    "smart_use_platform/keys/merchant.key": lambda home: merchant_key(home, "smart_use_platform"),
    "first-secrets": lambda home: first_secrets(home=home, ids=SeededIds(1)),
    "channels.json": lambda home: write_channels(home, port=1, public_key="00"),
    "demo.json": lambda home: DemoState(home, 1, 1, "one", datetime(2026, 7, 1, tzinfo=UTC), []).done("city"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_that_was_written_survives_a_loss_of_power(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(monkeypatch)
    WRITERS[name](tmp_path / "home")
    path = tmp_path / "home" / name
    assert recorder.survives(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in path.parent.iterdir() if found.is_file()] == [path.name]


def test_nobody_writes_a_file_of_state_in_another_way() -> None:
    by_hand = re.compile(r"\.write_(text|bytes)\(|open\([^)]*[\"'][wax]b?[\"']|O_CREAT")
    allowed = {"storage/disk.py", "runtime/hold.py", "runtime/cli/printing.py", "runtime/demo/children.py"}
    allowed |= {f"runtime/conformance/town/{name}.py" for name in ("births", "cradle")}  # logs of processes
    allowed.add("capabilities/metering/frontend/sealed/key_file.py")  # lines only ever added, each synced before it counts
    allowed.add("capabilities/metering/frontend/sealed/untold.py")  # outlives its process, not a loss of power, and says so
    found = {str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py") if by_hand.search(path.read_text(encoding="utf-8"))}
    assert found <= allowed


def test_a_failed_write_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state"
    write_durably(path, "one")

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="cannot write state: No space left"):
        write_durably(path, "two")
    assert path.read_text() == "one"


def test_of_many_that_draw_a_secret_at_once_one_wins(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "seed"

    def draw(number: int) -> str:
        if os.fork() == 0:
            write_once(path, f"secret {number}")
            os._exit(0)
        os.wait()
        return path.read_text()

    assert len({draw(number) for number in range(5)}) == 1


class TestMerchantKey:
    def test_is_the_platforms_own(self, tmp_path: Path) -> None:
        first = public_hex(merchant_key(tmp_path, "smart_use_platform"))
        assert public_hex(merchant_key(tmp_path, "smart_use_platform")) == first
        assert {found.name for found in tmp_path.iterdir()} == {"smart_use_platform"}

    def test_of_an_older_home_is_moved_and_stays_the_same(self, tmp_path: Path) -> None:
        key = public_hex(merchant_key(tmp_path, "smart_use_platform"))
        (tmp_path / "keys").mkdir()
        (tmp_path / "smart_use_platform" / "keys" / "merchant.key").rename(tmp_path / "keys" / "merchant.key")
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: public_hex(merchant_key(tmp_path, "smart_use_platform")), range(4)))
        assert found == [key] * 4
        assert not (tmp_path / "keys" / "merchant.key").exists()
