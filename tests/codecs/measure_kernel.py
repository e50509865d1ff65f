"""How fast frames become rows: the compiled kernel against the readable path; run by hand."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import frame_builders as builders

from metropool.devices.gdw1376.batch import decode_frames, scan_frames
from metropool.devices.gdw1376.frame import decode_frame
from metropool.devices.gdw1376.rows import rows_of

BUFFER_BYTES = 32 << 20


def curve(number: int) -> bytes:
    values = b"".join(builders.bcd(number % 999 + n, 4) for n in range(96))
    return builders.gdw1376(builders.unit(fn=101) + bytes.fromhex("00001911250160") + values, afn=0x0D, terminal=number)


def freeze(number: int) -> bytes:
    registers = b"".join(builders.bcd(number * 10000 + n, 5) for n in range(5))
    return builders.gdw1376(builders.unit(fn=161) + bytes.fromhex("191125050020112504") + registers, afn=0x0D, terminal=number)


def register_answer(number: int) -> bytes:
    return builders.forwarded(builders.dlt645(bytes.fromhex("00000100") + builders.bcd(number * 7, 4), address=number))


def water_answer(number: int) -> bytes:
    content = builders.bcd(number, 4) + b"\x2c" + builders.bcd(number, 4) + b"\x2c" + bytes.fromhex("1530082011252000FF")
    return builders.forwarded(builders.cjt188(b"\x1f\x90\x01" + content, address=number))


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def compiled(buffer: np.ndarray) -> tuple[int, int]:
    found = scan_frames(buffer)
    rows = sum(len(columns.item) for columns in decode_frames(buffer, found))
    return len(found), rows


def main() -> None:
    for build in (curve, freeze, register_answer, water_answer):
        some = [build(number) for number in range(1, 2001)]
        raw = b"".join(some)
        buffer = np.frombuffer(raw * (BUFFER_BYTES // len(raw) + 1), np.uint8)
        frames, rows = compiled(buffer)
        best = min(seconds(lambda buffer=buffer: compiled(buffer)) for _ in range(5))
        readable = seconds(lambda some=some: [rows_of(decode_frame(frame)) for frame in some[:500]]) / 500
        print(
            f"{build.__name__:16} compiled {frames / best / 1e6:7.2f} M frames/s {rows / best / 1e6:7.1f} M values/s"
            f"   readable {1 / readable:8,.0f} frames/s"
        )


if __name__ == "__main__":
    main()
