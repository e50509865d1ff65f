"""Writes the AsyncAPI documents of the shipped plans to docs/asyncapi: after a change of plans, contract or messages."""

from pathlib import Path

from metropool.plan.asyncapi import as_text
from metropool.runtime.systems import compile_named

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "asyncapi"

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for plan in ("one", "two", "transition"):
        (FOLDER / f"{plan}.json").write_text(as_text(compile_named(plan)), encoding="utf-8")
        print(FOLDER / f"{plan}.json")
