"""The modem before a plain meter: whoever dials it is greeted with the meter's key, and the meter itself hears plain bytes."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from cityinabox.refused import Refusals
from cityinabox.together import until_one_ends
from cityinabox.wires import Keys, SealedWire, agree


async def open_modem(
    host: str, port: int, *, meter_port: int, address: str, keys: Keys, refusals: Refusals, shows: Callable[[], float]
) -> asyncio.Server:
    """Listen before the plain meter at ``meter_port`` of the same host.

    Raises:
        OSError: The port cannot be had.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_meter: asyncio.StreamWriter | None = None
        with suppress(OSError, asyncio.CancelledError):
            wire = await agree(reader, writer, keys.of(address), refusals=refusals, shows=shows)
            from_meter, to_meter = await asyncio.open_connection(host, meter_port)
            await _both_ways(wire, writer, from_meter, to_meter)
        for each in (writer, to_meter):
            if each is not None:
                each.transport.abort()

    return await asyncio.start_server(serve, host, port)


async def _both_ways(
    wire: SealedWire, writer: asyncio.StreamWriter, from_meter: asyncio.StreamReader, to_meter: asyncio.StreamWriter
) -> None:
    async def down() -> None:
        while content := await wire.read():
            to_meter.write(content)
            await to_meter.drain()

    async def up() -> None:
        while content := await from_meter.read(1024):
            wire.write(content)
            await writer.drain()

    await until_one_ends(down(), up())
