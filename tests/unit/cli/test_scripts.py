"""Scripts that people call say how they are called, and nothing begins before that."""

import subprocess
import sys

import pytest

from .conftest import ROOT


def called(script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(ROOT / "scripts" / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("script", ["build_web.py", "make_city_series.py", "run_tests.py", "take_screenshots.py"])
def test_a_script_tells_how_it_is_called(script):
    said = called(script, "--help")
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith(f"usage: {script}")


@pytest.mark.parametrize("script", ["make_city_series.py", "take_screenshots.py"])
def test_what_is_missing_is_told(script):
    said = called(script)
    assert said.returncode == 2
    assert "required" in said.stderr
    assert "Traceback" not in said.stderr


def test_what_nobody_has_is_told_when_fonts_are_made():
    said = called("make_fonts.py", "--help")
    assert "Traceback" not in said.stderr
    assert said.returncode == 0 or "pip install fonttools" in said.stderr
