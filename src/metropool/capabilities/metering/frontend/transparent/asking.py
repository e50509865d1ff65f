"""Asking one plain DL/T 645 meter over its line: a frame out, the answer to that very question in."""

import asyncio

from metropool.capabilities.metering.frontend.transparent.lines import BUFFER_MAX, Line
from metropool.core.errors import Invalid
from metropool.devices.dlt645 import requests as dlt645
from metropool.devices.dlt645.frame import Frame, decode_frame

ANSWER_S = 5.0
TRIES = 2


async def send(line: Line, frame: bytes) -> None:
    """Send a frame.

    Raises:
        OSError: The line broke.
    """
    assert line.writer is not None
    line.writer.write(frame)
    await line.writer.drain()


async def ask(line: Line, frame: bytes, *, tries: int) -> Frame:
    """Send a frame and wait for the meter's answer; another meter's, or to another question, is passed over.

    Raises:
        TimeoutError: No answer, however often asked.
        OSError, asyncio.IncompleteReadError: The line broke.
        Invalid: ``frame`` is none.
    """
    assert line.reader is not None
    asked = decode_frame(frame)
    for attempt in range(1, tries + 1):
        await send(line, frame)
        try:
            async with asyncio.timeout(ANSWER_S):
                return await _answer_to(line.reader, asked)
        except TimeoutError:
            if attempt == tries:
                raise
    raise TimeoutError


async def _answer_to(reader: asyncio.StreamReader, asked: Frame) -> Frame:
    while True:
        frame = await _next_frame(reader)
        is_same = frame.is_refusal or frame.function != dlt645.READ or frame.data_id == asked.data_id
        if frame.from_meter and frame.address == asked.address and frame.function == asked.function and is_same:
            return frame


async def _next_frame(reader: asyncio.StreamReader) -> Frame:
    """The next sound DL/T 645 frame; anything else is passed over."""
    held = b""
    while True:
        start = held.find(b"\x68")
        held = held[start:] if start >= 0 else b""
        need = 12 + held[9] if len(held) >= 10 else 12
        if len(held) >= need:
            try:
                return decode_frame(held[:need])
            except Invalid:
                held = held[1:]
                continue
        more = await reader.read(BUFFER_MAX)
        if not more:
            raise asyncio.IncompleteReadError(held, None)
        held += more
