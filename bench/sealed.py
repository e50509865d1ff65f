"""``python -m bench.sealed``: how many sealed frames a core opens and seals, beside the same frames plain.

A row of its own, not of the table with the peer: nothing of PostgreSQL's compares. Frames are those of the city's day; sealed by
the simulated terminals' own codec beforehand, so that only the front end's work is measured.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from datetime import date

import numpy as np

from bench.frames import freeze_frames, profile_frames
from cityinabox.codec.sealed import LinkKey, Session, hello
from metropool.devices.gdw1376.batch import decode_frames, scan_frames
from metropool.devices.sealed.greeting import answer_to, is_from, read_hello
from metropool.devices.sealed.session import Session as OurSession
from metropool.devices.sealed.wire import UP, Records

CHUNK = 1 << 16
DAY = date(2026, 7, 1)
SUITES = {"aes256gcm": 1, "sm4gcm": 2}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.sealed", description=__doc__)
    parser.add_argument("--frames", type=int, default=20_000, help="frames of each kind")
    parser.add_argument("--repeat", type=int, default=5, help="medians are shown")
    options = parser.parse_args()
    for name, frames in kinds(options.frames).items():
        print(json.dumps({"frames": name, "bytes": len(frames[0]), **measured(frames, options.repeat)}))
    print(json.dumps({"greetings_per_s": rate(options.repeat, 2_000, greet)}))


def kinds(count: int) -> dict[str, list[bytes]]:
    """Login-sized confirmations aside, what terminals send: a freeze of one meter, a day's profile of one meter."""
    terminal, point = np.full(count, 0x44010001), np.arange(count) % 32 + 1
    register = np.random.default_rng(7).integers(0, 10**6, (count, 5))
    profile = np.sort(np.random.default_rng(8).integers(0, 10**6, (count, 96)), axis=1)
    made = {
        "freeze": freeze_frames(terminal, point, register, day=DAY),
        "profile": profile_frames(terminal, point, profile, day=DAY),
    }
    return {name: [row.tobytes() for row in frames] for name, frames in made.items()}


def measured(frames: list[bytes], repeat: int) -> dict[str, float]:
    """Frames per second of one core."""
    plain = b"".join(frames)
    found: dict[str, float] = {"plain_decoded_per_s": rate(repeat, len(frames), lambda _: decode(plain))}
    for name, suite in SUITES.items():
        found |= _opened(name, sealed_stream(frames, suite), repeat, len(frames))
    session = agreed(1)[1]
    found["aes256gcm_sealed_per_s"] = rate(repeat, len(frames), lambda _: [session.seal(frame) for frame in frames])
    return found


def _opened(name: str, stream: tuple[bytes, OurSession, int], repeat: int, count: int) -> dict[str, float]:
    return {
        f"{name}_opened_per_s": rate(repeat, count, lambda _: open_all(*stream)),
        f"{name}_opened_and_decoded_per_s": rate(repeat, count, lambda _: decode(open_all(*stream))),
    }


def agreed(suite: int) -> tuple[Session, OurSession]:
    """The two sides of a new session."""
    key = LinkKey(os.urandom(8), 1, os.urandom(32))
    said = hello(key, os.urandom(32), suite)
    answer, ours = answer_to(read_hello(said), key=key.secret, random=os.urandom(32))
    return Session(key, said, answer), ours


def sealed_stream(frames: list[bytes], suite: int) -> tuple[bytes, OurSession, int]:
    terminal, ours = agreed(suite)
    return b"".join(terminal.seal(frame) for frame in frames), ours, suite


def open_all(stream: bytes, session: OurSession, suite: int) -> bytes:
    """As a link does it: what the socket gives, cut into records, opened."""
    session.received, records = 0, Records(UP, kind=3, suite=suite)
    parts = [
        session.open(record).content
        for first in range(0, len(stream), CHUNK)
        for record in records.feed(stream[first : first + CHUNK])
    ]
    return b"".join(parts)


def decode(plain: bytes) -> None:
    """As the hub does it: found and decoded by the kernel."""
    buffer = np.frombuffer(plain, np.uint8)
    first = 0
    while first < len(buffer):
        found = scan_frames(buffer[first:])
        for _ in decode_frames(buffer[first:], found):
            pass
        if not found.consumed:
            break
        first += int(found.consumed)


def greet(count: int) -> None:
    key, said = bytes(32), hello(LinkKey(bytes(8), 1, bytes(32)), os.urandom(32))
    for _ in range(count):
        heard = read_hello(said)
        assert is_from(heard, key=key)
        answer_to(heard, key=key, random=os.urandom(32))


def rate(repeat: int, count: int, work: Callable[[int], object]) -> int:
    """How many a second: the median; processor time, since the machine may be shared."""
    work(count)
    spent = []
    for _ in range(repeat):
        began = time.process_time()
        work(count)
        spent.append(time.process_time() - began)
    return round(count / statistics.median(spent))


if __name__ == "__main__":
    main()
