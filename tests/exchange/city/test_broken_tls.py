"""Whoever speaks TLS with a broker that is gone knows it as a broken connection, whatever the interpreter makes of it: so it comes back."""

import asyncio
import ssl
from pathlib import Path
from urllib.parse import urlparse

import pytest

from cityinabox.gateway.wire import Mqtt
from exchange.city.cities import HOST, certify
from metropool.exchange.transport import OwnTransport
from metropool.runtime.certificates.trust import Certificates

CONNACK = bytes.fromhex("20020000")


async def a_server(home: Path, greeting: bytes) -> asyncio.Server:
    """Whoever comes over TLS is greeted."""
    folder = certify(home)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "certificate.key")

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await reader.read()
        writer.close()

    return await asyncio.start_server(greet, HOST, 0, ssl=context)


def port_of(server: asyncio.Server) -> int:
    return server.sockets[0].getsockname()[1]


def test_a_node_is_told_of_a_connection_that_broke(tmp_path: Path) -> None:
    async def run() -> None:
        server = await a_server(tmp_path, b"INFO {}\r\n")
        transport = OwnTransport(Certificates(tmp_path / "certificates").for_client())
        await transport.connect(urlparse(f"tls://{HOST}:{port_of(server)}"), 1024, 5)
        for _ in range(2):  # a second time is what breaks it
            transport.close()
        for send in (lambda: transport.write(b"PING\r\n"), lambda: transport.writelines([b"PING\r\n"])):
            with pytest.raises(ConnectionError):
                send()
        server.close()

    asyncio.run(run())


def test_a_gateway_is_told_too(tmp_path: Path) -> None:
    async def run() -> None:
        server = await a_server(tmp_path, CONNACK)
        tls = Certificates(tmp_path / "certificates").for_client()
        link = await Mqtt.connect(HOST, port_of(server), name="home-1", password="s", heard=lambda *_: None, tls=tls)
        for _ in range(2):
            link._writer.close()
        with pytest.raises(ConnectionError):
            link.ping()
        await link.close()
        server.close()

    asyncio.run(run())
