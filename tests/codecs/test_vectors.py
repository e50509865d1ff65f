"""Every recorded frame is explained as recorded, or refused for the recorded reason."""

import csv
import json
from pathlib import Path

import pytest

from metropool.core.errors import Invalid
from metropool.devices.explain import PROTOCOLS, explain

VECTORS = Path(__file__).parent / "vectors"


def rows() -> list[object]:
    found = []
    for protocol in PROTOCOLS:
        with (VECTORS / f"{protocol}.csv").open(encoding="utf-8", newline="") as file:
            found += [pytest.param(protocol, row, id=f"{protocol}-{row['meaning'][:50]}") for row in csv.DictReader(file)]
    return found


def outcome(protocol: str, frame: bytes) -> dict[str, object]:
    try:
        return explain(protocol, frame)
    except Invalid as refusal:
        return {"error": refusal.what}


@pytest.mark.parametrize(("protocol", "row"), rows())
def test_a_recorded_frame_says_what_was_recorded(protocol: str, row: dict[str, str]) -> None:
    expected = json.loads(row["expected"])
    found = json.loads(json.dumps(outcome(protocol, bytes.fromhex(row["hex"]))))
    assert {key: found.get(key, "absent") for key in expected} == expected


def test_every_vector_is_there() -> None:
    assert len(rows()) == 36 + 15 + 18
