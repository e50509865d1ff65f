"""TLS beyond one machine: who shows no good certificate gets no word; each refusal beside one who is let in."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import nats
import pytest
from nats.errors import Error as NatsError

from exchange.city.cities import Brokers, certify, place, running_brokers
from metropool.core.clock import SystemClock
from metropool.core.errors import Unavailable
from metropool.exchange.connection import connect
from metropool.exchange.transport import client_with, secured
from metropool.runtime.broker import seed_of
from metropool.runtime.certificates.authority import Authority
from metropool.runtime.certificates.trust import Certificates

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
ONE = {"production": 1, "management": 1, "dmz": 1}
DMZ = "dmz-1"


async def log_in(brokers: Brokers, folder: Path, *, url: str | None = None) -> None:
    """Connect as the water company's system with the certificates of a folder, as nodes do."""
    seed = seed_of(brokers.settings.home, account="water_system", user="water_system")
    tls = Certificates(folder).for_client()
    client = await connect(url or brokers.sites.url("dmz"), user="water_system", seed=seed, tls=tls)
    await client.flush()
    await client.close()


async def let_in(brokers: Brokers, folder: Path) -> None:
    """Return when a machine that is new on the list was let in."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await log_in(brokers, folder)
            except Unavailable:
                await asyncio.sleep(0.05)


def running(home: Path, steps: Callable[[Brokers], Awaitable[None]]) -> None:
    """Do something beside three brokers with TLS."""
    certify(home)

    async def run() -> None:
        async with running_brokers(place(home, servers=ONE, tls=True)) as brokers:
            await log_in(brokers, home / "certificates")
            await steps(brokers)
            await let_in(brokers, home / "certificates")

    asyncio.run(run())


def test_no_certificate_a_stranger_s_an_ended_one_and_no_tls_at_all_are_refused(tmp_path: Path) -> None:
    async def steps(brokers: Brokers) -> None:
        url, seed = brokers.sites.url("dmz"), seed_of(tmp_path, account="water_system", user="water_system")
        bare = ssl.create_default_context(cafile=tmp_path / "certificates" / "authority.pem")
        for options in ({"tls": bare, "tls_handshake_first": True}, {"tls": bare}, {}):
            with pytest.raises((NatsError, OSError, TimeoutError)):
                await nats.connect(
                    url.replace("tls:", "nats:"), nkeys_seed_str=seed, allow_reconnect=False, connect_timeout=2, **options
                )
        stranger = certify(tmp_path / "elsewhere", to="stranger")
        (stranger / "authority.pem").write_bytes((tmp_path / "certificates" / "authority.pem").read_bytes())
        (stranger / "revoked.pem").write_bytes((tmp_path / "certificates" / "revoked.pem").read_bytes())
        ended = certify(tmp_path, name="ended", to="ended", ago=10, days=1)
        newest = certify(tmp_path, name="newest", to="newest", hosts=())
        await let_in(brokers, newest)
        for folder in (stranger, ended):
            with pytest.raises(Unavailable):
                await log_in(brokers, folder)

    running(tmp_path, steps)


def test_a_revoked_certificate_is_cut_off_and_not_let_in_again(tmp_path: Path) -> None:
    async def steps(brokers: Brokers) -> None:
        folder = certify(tmp_path, name="laptop", to="laptop", hosts=())
        await let_in(brokers, folder)
        cut = asyncio.Event()

        async def closed() -> None:
            cut.set()

        tls = Certificates(folder).for_client()
        client = client_with(tls)
        await client.connect(
            brokers.sites.url("dmz"),
            nkeys_seed_str=seed_of(tmp_path, account="water_system", user="water_system"),
            allow_reconnect=False,
            closed_cb=closed,
            **secured(tls),
        )
        other = await brokers.probe("gas_system")
        authority = Authority(tmp_path / "authority", now=SystemClock().now())
        assert authority.revoke("laptop") == 1
        authority.hand_trust(tmp_path / "certificates")
        authority.close()
        await asyncio.wait_for(cut.wait(), 30)
        assert client.is_closed
        with pytest.raises(Unavailable):
            await log_in(brokers, folder)
        await other.settle()

    running(tmp_path, steps)


def test_a_server_at_another_host_a_revoked_one_and_a_client_that_plays_server_are_refused(tmp_path: Path) -> None:
    """Our own side looks as well: the name, the list of revoked ones, and what a certificate is for."""
    good = certify(tmp_path)
    elsewhere = certify(tmp_path, name="elsewhere", to="elsewhere", hosts=("10.9.8.7", "dmz.example"))
    player = certify(tmp_path, name="player", to="player", hosts=())
    certify(tmp_path, name="former", to="former")
    authority = Authority(tmp_path / "authority", now=SystemClock().now())
    authority.revoke("former")
    authority.hand_trust(good)
    authority.close()

    def shakes_hands(folder: Path) -> bool:
        with serving_tls(folder, ssl.TLSVersion.TLSv1_3) as port:
            try:
                with socket.create_connection(("127.0.0.1", port)) as raw:
                    Certificates(good).for_client().wrap_socket(raw, server_hostname="127.0.0.1").close()
            except ssl.SSLCertVerificationError:
                return False
            return True

    assert [shakes_hands(folder) for folder in (good, elsewhere, player, tmp_path / "former")] == [True, False, False, False]


def test_old_protocols_are_refused_by_both_sides(tmp_path: Path) -> None:
    async def steps(brokers: Brokers) -> None:
        port, folder = brokers.sites.brokers["dmz"][0].port, tmp_path / "certificates"
        with serving_tls(folder, ssl.TLSVersion.TLSv1_1) as old:
            assert await asyncio.to_thread(speaks, old, folder, ssl.TLSVersion.TLSv1_1)
            with pytest.raises((ssl.SSLError, OSError)), socket.create_connection(("127.0.0.1", old)) as raw:
                Certificates(folder).for_client().wrap_socket(raw, server_hostname="127.0.0.1")
        links = brokers.sites.brokers["dmz"][0].links
        for each in (port, links):
            told = [
                await asyncio.to_thread(speaks, each, folder, version)
                for version in (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2)
            ]
            assert told == [False, True]

    running(tmp_path, steps)


def test_a_server_that_claims_to_know_no_tls_is_told_nothing(tmp_path: Path) -> None:
    heard = bytearray()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id":"x","version":"2.15.0","max_payload":1048576,"headers":true}\r\n')
        heard.extend(await reader.read(4096))
        writer.close()

    async def run() -> None:
        certificates = certify(tmp_path)
        async with await asyncio.start_server(play, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(Unavailable):
                await connect(
                    f"tls://127.0.0.1:{port}",
                    user="water_system",
                    seed=seed_of(tmp_path, account="water_system", user="water_system"),
                    tls=Certificates(certificates).for_client(),
                )

    asyncio.run(run())
    assert heard[:1] == b"\x16", "the first word is a TLS greeting"
    assert b"CONNECT" not in heard


def test_renewed_certificates_are_taken_beside_those_before(tmp_path: Path) -> None:
    certify(tmp_path)
    authority = Authority(tmp_path / "authority", now=SystemClock().now() + timedelta(days=300))
    authority.hand(authority.renew("machine"), to=tmp_path / "renewed")
    before, after = authority.issued()
    authority.close()
    assert (before.hosts, before.is_good(authority.now)) == (after.hosts, True)
    assert Certificates(tmp_path / "renewed").pins.servers == (before.pin, after.pin)
    assert (tmp_path / "renewed" / "certificate.key").stat().st_mode & 0o777 == 0o600


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"cannot be used .* it needs certificate.pem, certificate.key"):
        Certificates(tmp_path).for_client()
    with pytest.raises(Unavailable, match="copy the authority's trust folder"):
        Certificates(tmp_path).for_server()


def speaks(port: int, folder: Path, newest: ssl.TLSVersion) -> bool:
    """Whether a machine that shows a good certificate, and knows nothing newer than a protocol, is spoken with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, newest
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_verify_locations(folder / "authority.pem")
    context.load_cert_chain(folder / "certificate.pem", folder / "certificate.key")
    try:
        with socket.create_connection(("127.0.0.1", port)) as raw:
            context.wrap_socket(raw, server_hostname="127.0.0.1").close()
    except (ssl.SSLError, OSError):
        return False
    return True


class serving_tls:  # noqa: N801
    """A TLS server of a folder's certificate that knows nothing newer than a protocol; its port."""

    def __init__(self, folder: Path, newest: ssl.TLSVersion) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version, self._context.maximum_version = ssl.TLSVersion.TLSv1, newest
        self._context.set_ciphers("ALL:@SECLEVEL=0")
        self._context.load_cert_chain(folder / "certificate.pem", folder / "certificate.key")
        self._listening = socket.create_server(("127.0.0.1", 0))

    def __enter__(self) -> int:
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return int(self._listening.getsockname()[1])

    def __exit__(self, *_why: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                raw, _ = self._listening.accept()
            except OSError:
                return
            try:
                with self._context.wrap_socket(raw, server_side=True) as spoken:
                    spoken.recv(1)
            except OSError:
                raw.close()
