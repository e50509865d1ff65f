"""``metropool import``: a file through the log into the lake, beside a running city or alone."""

import asyncio
import io
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
from nats.aio.client import Client

from metropool.capabilities.metering.imports.faults import sentence
from metropool.capabilities.metering.imports.imported import ImportedChannel
from metropool.capabilities.metering.imports.mapping.choose import choose_mapping
from metropool.capabilities.metering.imports.mapping.loading import named_mapping
from metropool.capabilities.metering.imports.mapping.model import Mapping
from metropool.capabilities.metering.imports.operations import import_file
from metropool.capabilities.metering.imports.ports import ChannelKeys, ImportRecord, ImportRecords
from metropool.core.clock import Instant, monotonic_s
from metropool.core.errors import Conflict, Invalid, NotFound, Unavailable
from metropool.core.identifiers import SystemId
from metropool.core.texts import Language, Sentence
from metropool.exchange.connection import connect
from metropool.exchange.jetstream import JetStreamLog
from metropool.plan.compiled import Compiled
from metropool.runtime.broker import seed_of
from metropool.runtime.broker_place import broker_tls, broker_url
from metropool.runtime.log_check import check_log
from metropool.runtime.metering import METERING, attendants_of, log_of
from metropool.runtime.node import Node
from metropool.runtime.pause import pause
from metropool.runtime.settings import Settings, settings_of_home
from metropool.runtime.systems import compile_named, hold_node, open_node

T = TypeVar("T")
PART_ROWS = 50_000
PATIENCE_S = 60.0
AWAY_S, AGAIN_S = 30.0, 0.5


def run_import(path: Path, *, mapping: str, language: Language) -> dict[str, Any]:
    """Import a file; returns the report with ``outcome`` ``imported`` or ``already_imported``.

    Raises:
        NotFound: No such file.
        Invalid: The file or the mapping cannot be read as a whole; nothing was changed.
        Unavailable: The broker or the server that takes the log in went away meanwhile; says what to do.
    """
    if not path.is_file():
        raise NotFound.that(sentence("no_file", path=path))
    chosen = named_mapping(mapping) if mapping else choose_mapping(path)
    settings = settings_of_home()
    return asyncio.run(_import(path, chosen, settings=settings, language=language))


async def _import(path: Path, mapping: Mapping, *, settings: Settings, language: Language) -> dict[str, Any]:
    compiled = compile_named(settings.plan)
    system = compiled.host_of(METERING)
    if system is None:
        raise Invalid.that(Sentence("metropool.runtime", "import_no_metering", {"plan": compiled.plan}))
    async with AsyncExitStack() as stack:
        url, is_alone = await broker_for_a_while(stack, settings, compiled, system), _is_alone(stack, settings, system)
        node = open_node(system, compiled=compiled, settings=settings)
        stack.callback(node.close)
        client = await connect(
            url, user=system, seed=seed_of(settings.home, account=system, user=system), tls=broker_tls(settings)
        )
        stack.push_async_callback(client.close)
        log = log_of(node, client)
        await again(partial(check_log, node, log))
        work = ImportDesk(node, client, mapping=mapping.name, loop=asyncio.get_running_loop())
        done = await asyncio.to_thread(import_file, work=work, path=path, mapping=mapping, language=language)
        # an import that was killed once the file was in the log has left the taking in to us
        upto = work.last_sequence if done.is_new else (await again(log.end)).sequence
        await _taken_in(node, client, upto=upto, is_alone=is_alone)
    return {**done.summary, "outcome": "imported" if done.is_new else "already_imported", "key": done.key}


async def broker_for_a_while(stack: AsyncExitStack, settings: Settings, compiled: Compiled, system: SystemId) -> str:
    """The broker of a city that runs, or one of our own for as long as this takes."""
    url_of = partial(broker_url, stack, settings=settings, compiled=compiled, system=system)
    try:
        return await url_of(with_broker=settings.broker == "embedded")
    except Conflict:
        return await url_of(with_broker=False)


async def again(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What some work gives, done again while the broker is away: a server of it may have died, and another takes its place.

    Raises:
        Unavailable: It is away for long.
    """
    ends = monotonic_s() + AWAY_S
    while True:
        try:
            return await work()
        except Unavailable:
            if monotonic_s() > ends:
                raise
        await pause(AGAIN_S)


def _is_alone(stack: AsyncExitStack, settings: Settings, system: SystemId) -> bool:
    """Whether nobody serves the system, so that we take its log in; nobody else can while we do."""
    try:
        stack.callback(hold_node(system, settings=settings).close)
    except Conflict:
        return False
    return True


async def _taken_in(node: Node, client: Client, *, upto: int, is_alone: bool) -> None:
    """Return when the log has been taken into the lake up to our last batch, by us when nobody else does it."""
    taking = None
    if is_alone:
        taking = asyncio.create_task(attendants_of(node, client).take_log_in(log_of(node, client)))
    try:
        await wait_until_taken_in(node, upto=upto, taking=taking)
    finally:
        if taking is not None:
            taking.cancel()
            with suppress(asyncio.CancelledError):
                await taking


async def wait_until_taken_in(
    node: Node, *, upto: int, taking: asyncio.Task[None] | None = None, patience_s: float = PATIENCE_S
) -> None:
    """Return when the log has been taken into the lake up to a batch.

    Args:
        node: Whose log.
        upto: Sequence of the last batch.
        taking: Our own taking in; when it fails, so does this.
        patience_s: Longest time without any progress [s of the machine].

    Raises:
        Unavailable: It did not go on; what is in the log is not lost.
    """
    stream, last, since_s = f"log_{node.system}", -1, monotonic_s()
    while (position := await node.read(METERING, lambda work: work.collection.position(stream=stream))) < upto:
        if taking is not None and taking.done():
            await taking
        if position != last:
            last, since_s = position, monotonic_s()
        if monotonic_s() - since_s > patience_s:
            values: dict[str, object] = {"system": node.system, "position": position, "upto": upto, "patience_s": patience_s}
            raise Unavailable.that(Sentence("metropool.runtime", "import_stands_still", values))
        await pause(0.1)


@dataclass
class ImportDesk:
    """What ``import_file`` is given: units of the metering node, and its log; called from a thread beside the event loop."""

    node: Node
    client: Client
    mapping: str
    loop: asyncio.AbstractEventLoop
    last_sequence: int = 0

    @property
    def now(self) -> Instant:
        """The present."""
        return self.node.clock.now()

    @property
    def imports(self) -> ImportRecords:
        """Files imported before."""
        return self

    def find(self, key: str) -> ImportRecord | None:
        """The record with this key."""
        found: ImportRecord | None = self.node.read_now(METERING, lambda work: work.imports.find(key))
        return found

    def add(self, record: ImportRecord) -> None:
        """Keep a record."""
        self._await(self.node.write(METERING, lambda work: work.imports.add(record)))

    def place_channels(self, channels: Sequence[ImportedChannel]) -> ChannelKeys:
        """Find or make the channels in the registry."""
        name = self.mapping
        keys: ChannelKeys = self._await(self.node.write(METERING, lambda work: work.imports.place_channels(channels, file=name)))
        return keys

    def hand_over(self, *, rows: pa.Table, key: str) -> None:  # noqa: ARG002
        """Put ``MEASURED`` rows into the log; durable when it returns.

        Repeats of a batch make readings of the same channel, time and value, which validation counts once.
        """
        name = self.node.system
        log = JetStreamLog(self.client, stream=f"log_{name}", subject=f"log.{name}.import")
        for start in range(0, rows.num_rows, PART_ROWS):
            piece = rows.slice(start, PART_ROWS).combine_chunks()
            sequence = self._await(again(partial(log.append, _stream_of(piece), part="readings")))
            self.last_sequence = max(self.last_sequence, sequence)

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()


def _stream_of(rows: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, rows.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(rows)
    return sink.getvalue()
