"""Any bytes at all give an answer or a refusal, in bounded time. ``METROPOOL_FUZZ`` sets how many frames (default 3000)."""

import csv
import json
import os
import random
import time
from pathlib import Path

import numpy as np
import pytest

from metropool.core.errors import Invalid
from metropool.devices.explain import PROTOCOLS, explain
from metropool.devices.framing import frame_max, splitter_of
from metropool.devices.gdw1376 import kernel
from metropool.devices.gdw1376.batch import decode_frames, scan_frames
from metropool.devices.gdw1376.frame import decode_frame
from metropool.devices.gdw1376.rows import rows_of

VECTORS = Path(__file__).parent / "vectors"
FRAMES = int(os.environ.get("METROPOOL_FUZZ", "3000"))
SEED = int(os.environ.get("METROPOOL_FUZZ_SEED", "20251120"))
SECONDS_PER_FRAME = 0.05
REASONS = {"start", "length", "end", "checksum"}


def seeds(protocol: str) -> list[bytes]:
    with (VECTORS / f"{protocol}.csv").open(encoding="utf-8", newline="") as file:
        return [bytes.fromhex(row["hex"]) for row in csv.DictReader(file)]


def mutated(frame: bytes, chance: random.Random) -> bytearray:
    raw = bytearray(frame)
    for _ in range(chance.randrange(1, 5)):
        kind, at = chance.randrange(4), chance.randrange(len(raw) or 1)
        if kind == 0 and raw:
            raw[at] = chance.randrange(256)
        elif kind == 1:
            raw[at:at] = chance.randbytes(chance.randrange(1, 4))
        elif kind == 2:
            del raw[at : at + chance.randrange(1, 4)]
        elif raw:
            raw[at] ^= 1 << chance.randrange(8)
    return raw


def repaired(raw: bytearray, protocol: str) -> bytes:
    """Make length and checksum true, so that the mutation reaches the content."""
    raw = raw.lstrip(b"\xfe")
    if protocol == "gdw1376" and len(raw) > 8:
        size = (max(len(raw) - 8, 0) << 2 | 2).to_bytes(4, "little")[:2]
        raw[0:6] = b"\x68" + size * 2 + b"\x68"
        raw[-2:] = bytes([sum(raw[6:-2]) & 0xFF, 0x16])
    elif protocol != "gdw1376" and len(raw) > 13:
        place = 9 if protocol == "dlt645" else 10
        raw[0] = 0x68
        raw[7] = 0x68 if protocol == "dlt645" else raw[7]
        raw[place] = min(len(raw) - place - 3, 255)
        raw[-2:] = bytes([sum(raw[:-2]) & 0xFF, 0x16])
    return bytes(raw)


def cases(protocol: str) -> list[bytes]:
    chance, known = random.Random(f"{SEED} {protocol}"), seeds(protocol)
    found = []
    for number in range(FRAMES // len(PROTOCOLS)):
        raw = mutated(chance.choice(known), chance)
        found.append(bytes(raw) if number % 3 == 0 else repaired(raw, protocol))
    return found


def is_sound(protocol: str, frame: bytes) -> bool:
    """Explained, or refused only because its auxiliary part does not fit into it."""
    try:
        explain(protocol, frame)
    except Invalid as refusal:
        return protocol == "gdw1376" and refusal.what == "length"
    return True


@pytest.mark.timeout(0)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_any_bytes_are_explained_or_refused(protocol: str) -> None:
    explained = 0
    for raw in cases(protocol):
        started = time.perf_counter()
        try:
            json.dumps(explain(protocol, raw))
            explained += 1
        except Invalid as refusal:
            assert refusal.what in REASONS, (SEED, raw.hex())
        except Exception as crash:
            raise AssertionError(f"seed {SEED}: {protocol} {raw.hex()}") from crash
        assert time.perf_counter() - started < SECONDS_PER_FRAME * 20, (SEED, raw.hex())
    assert explained > FRAMES // 30


@pytest.mark.timeout(0)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_any_stream_is_split_within_bounds(protocol: str) -> None:
    splitter = splitter_of(protocol)
    for raw in cases(protocol):
        for frame in splitter.feed(raw):
            assert is_sound(protocol, frame), (SEED, frame.hex())
        assert splitter.pending <= frame_max(protocol)


@pytest.mark.timeout(0)
def test_the_kernel_agrees_with_the_readable_path_on_noise() -> None:
    raw = b"".join(cases("gdw1376"))
    buffer = np.frombuffer(raw, np.uint8)
    found = scan_frames(buffer)
    rows = sum(len(columns.item) for columns in decode_frames(buffer, found))
    expected = 0
    for offset, length, status in zip(
        found.table.offset.tolist(), found.table.length.tolist(), found.table.status.tolist(), strict=True
    ):
        if status == kernel.DECODED:
            readable = rows_of(decode_frame(raw[offset : offset + length]))
            assert readable.left == [], (SEED, raw[offset : offset + length].hex())
            expected += len(readable.rows)
    assert rows == expected
    assert found.consumed + frame_max("gdw1376") >= len(raw)
